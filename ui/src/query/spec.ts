/** The way back from a specification, as the server keeps it, to the clauses of the builder. */
import type { QuerySpec } from '@/api/types.ts';
import {
  type Calculation,
  DEFAULT_RANGE,
  type Filter,
  HAVING_OPS,
  type Having,
  type HavingOp,
  type Order,
  type Question,
  type Range,
  type Scalar,
} from './model.ts';

/** What a specification says that the builder has no clause for. The message names it. */
export class NoClause extends Error {}

/**
 * Reads what {@link specOf} wrote, or another client did. Leaves nothing out: what the builder cannot show is
 * a {@link NoClause}.
 */
export function readSpec(spec: QuerySpec): Question {
  if (spec.granularity) throw new NoClause('a width of time buckets');
  if (spec.usage_mode) throw new NoClause('counting without weights');
  if (spec.calculated_fields || spec.formulas || spec.compare_time_offset_seconds) {
    throw new NoClause('calculated fields, formulas or comparison');
  }
  const calculations = (spec.calculations ?? []).map((one): Calculation => {
    if (one.name || one.filters?.length) throw new NoClause('a calculation with a name or conditions');
    return { op: one.op, ...column(one.column) };
  });
  return {
    // Asked for nothing, the server counts.
    calculations: calculations.length > 0 ? calculations : [{ op: 'COUNT' }],
    filters: (spec.filters ?? []).map(
      (one): Filter => ({
        column: one.column,
        op: one.op,
        ...(one.value === undefined || one.value === null ? {} : { value: operand(one.value) }),
      }),
    ),
    combination: spec.filter_combination ?? 'AND',
    breakdowns: spec.breakdowns ?? [],
    orders: (spec.orders ?? []).map(
      (one): Order => ({
        ...(one.op ? { op: one.op } : {}),
        ...column(one.column),
        order: one.order ?? 'ascending',
      }),
    ),
    havings: (spec.havings ?? []).map(
      (one): Having => ({
        calculate_op: one.calculate_op,
        ...column(one.column),
        op: havingOp(one.op),
        value: one.value,
      }),
    ),
    limit: spec.limit ?? undefined,
    range: rangeOf(spec),
  };
}

function column(name: string | null | undefined): { column?: string } {
  return name === undefined || name === null ? {} : { column: name };
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function operand(value: unknown): Scalar | Scalar[] {
  if (isScalar(value)) return value;
  if (Array.isArray(value) && value.every(isScalar)) return value;
  throw new NoClause('a condition on something that is no text, number or truth value');
}

function havingOp(op: string): HavingOp {
  const found = HAVING_OPS.find((one) => one === op);
  if (!found) throw new NoClause(`a condition on groups with “${op}”`);
  return found;
}

/** The server rounds times to microseconds as well. */
function nanosOf(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e6)) * 1000n;
}

function rangeOf({ time_range, start_time, end_time }: QuerySpec): Range {
  const start = start_time ?? undefined;
  const end = end_time ?? undefined;
  const usual = DEFAULT_RANGE.kind === 'last' ? DEFAULT_RANGE.seconds : 0;
  const seconds = time_range ?? usual;
  if (start === undefined && end === undefined) return { kind: 'last', seconds };
  const length = BigInt(seconds) * 1_000_000_000n;
  if (start === undefined) {
    const endNs = nanosOf(end as number);
    return { kind: 'between', startNs: endNs - length, endNs };
  }
  const startNs = nanosOf(start);
  if (end !== undefined) return { kind: 'between', startNs, endNs: nanosOf(end) };
  if (time_range === undefined || time_range === null) throw new NoClause('a start without an end');
  return { kind: 'between', startNs, endNs: startNs + length };
}
