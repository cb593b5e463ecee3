/**
 * The question as a plain tree: the same shape as the API's `Query`, the vendor's query specification.
 */

export const OPS = [
  'COUNT',
  'SUM',
  'AVG',
  'MIN',
  'MAX',
  'COUNT_DISTINCT',
  'HEATMAP',
  'P50',
  'P90',
  'P95',
  'P99',
  'P001',
  'P01',
  'P05',
  'P10',
  'P20',
  'P25',
  'P75',
  'P80',
  'P999',
  'CONCURRENCY',
  'RATE_AVG',
  'RATE_SUM',
  'RATE_MAX',
] as const;
export type Op = (typeof OPS)[number];

export const FILTER_OPS = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'exists',
  'does-not-exist',
  'contains',
  'does-not-contain',
  'starts-with',
  'does-not-start-with',
  'ends-with',
  'does-not-end-with',
  'in',
  'not-in',
] as const;
export type FilterOp = (typeof FILTER_OPS)[number];

export const HAVING_OPS = ['>', '>=', '<', '<=', '=', '!='] as const satisfies readonly FilterOp[];
export type HavingOp = (typeof HAVING_OPS)[number];

/** A value one can compare with. */
export type Scalar = string | number | boolean;

export interface Calculation {
  op: Op;
  column?: string;
}

export interface Filter {
  column: string;
  op: FilterOp;
  value?: Scalar | Scalar[];
}

export interface Order {
  column?: string;
  op?: Op;
  order: 'ascending' | 'descending';
}

export interface Having {
  calculate_op: Op;
  column?: string;
  op: HavingOp;
  value: number;
}

/** A time range as asked: seconds back from now, or absolute nanoseconds. */
export type Range =
  | { readonly kind: 'last'; readonly seconds: number }
  | { readonly kind: 'between'; readonly startNs: bigint; readonly endNs: bigint };

/** The clauses of Explore. */
export interface Question {
  calculations: Calculation[];
  filters: Filter[];
  combination: 'AND' | 'OR';
  breakdowns: string[];
  orders: Order[];
  havings: Having[];
  limit: number | undefined;
  range: Range;
}

export const DEFAULT_RANGE: Range = { kind: 'last', seconds: 7200 };

export const EMPTY: Question = {
  calculations: [],
  filters: [],
  combination: 'AND',
  breakdowns: [],
  orders: [],
  havings: [],
  limit: undefined,
  range: DEFAULT_RANGE,
};

/** Whether the operation stands without a field. */
export function fieldless(op: Op): boolean {
  return op === 'COUNT' || op === 'CONCURRENCY';
}

/** Whether the comparison takes a value, and which kind. */
export function operandOf(op: FilterOp): 'none' | 'one' | 'list' {
  if (op === 'exists' || op === 'does-not-exist') return 'none';
  return op === 'in' || op === 'not-in' ? 'list' : 'one';
}

/** The label under which the answer carries a calculation. */
export function labelOf(calculation: { op: Op; column?: string | undefined }): string {
  return calculation.column === undefined ? calculation.op : `${calculation.op}(${calculation.column})`;
}

export interface SpecTime {
  time_range?: number;
  start_time?: number;
  end_time?: number;
}

/** The range as the specification says it: seconds, absolute ones with a fraction. */
export function specTime(range: Range): SpecTime {
  if (range.kind === 'last') return { time_range: range.seconds };
  return { start_time: Number(range.startNs) / 1e9, end_time: Number(range.endNs) / 1e9 };
}

/** What is sent to the server: empty clauses are left out. */
export function specOf(question: Question) {
  return {
    calculations: question.calculations,
    filters: question.filters,
    filter_combination: question.combination,
    breakdowns: question.breakdowns,
    orders: question.orders,
    havings: question.havings,
    ...(question.limit === undefined ? {} : { limit: question.limit }),
    ...specTime(question.range),
  };
}
