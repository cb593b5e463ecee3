/** What a click on a value makes of the question. Pure. */
import type { Calculation, Filter, Question, Scalar } from './model.ts';

/** A value as the API sends it; null: the row does not have the field. */
export type CellValue = Scalar | null;

/** Rows that have this value (or lack the field). An opposite condition goes. */
export function withValue(question: Question, field: string, value: CellValue): Question {
  const made: Filter =
    value === null ? { column: field, op: 'does-not-exist' } : { column: field, op: '=', value };
  return withFilter(without(question, opposite(made)), made);
}

/** Rows that do not have this value. */
export function withoutValue(question: Question, field: string, value: CellValue): Question {
  const made: Filter = value === null ? { column: field, op: 'exists' } : { column: field, op: '!=', value };
  return withFilter(without(question, opposite(made)), made);
}

export function withFilter(question: Question, filter: Filter): Question {
  if (question.filters.some((one) => same(one, filter))) return question;
  // Another condition must narrow; with OR it would widen, so a list of several is the reader's to regroup.
  const combination = question.filters.length < 2 ? 'AND' : question.combination;
  return { ...question, filters: [...question.filters, filter], combination };
}

export function withBreakdown(question: Question, field: string): Question {
  if (question.breakdowns.includes(field)) return question;
  return { ...question, breakdowns: [...question.breakdowns, field] };
}

export function withCalculation(question: Question, made: Calculation): Question {
  if (question.calculations.some((one) => one.op === made.op && one.column === made.column)) return question;
  return { ...question, calculations: [made, ...question.calculations] };
}

function without(question: Question, filter: Filter): Question {
  return { ...question, filters: question.filters.filter((one) => !same(one, filter)) };
}

function opposite(filter: Filter): Filter {
  switch (filter.op) {
    case '=':
      return { ...filter, op: '!=' };
    case '!=':
      return { ...filter, op: '=' };
    case 'exists':
      return { ...filter, op: 'does-not-exist' };
    default:
      return { ...filter, op: 'exists' };
  }
}

function same(a: Filter, b: Filter): boolean {
  return a.column === b.column && a.op === b.op && JSON.stringify(a.value) === JSON.stringify(b.value);
}
