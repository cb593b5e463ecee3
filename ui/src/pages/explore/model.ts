/** From an answer to what is drawn. Pure. */
import type { Answer, Cell, Heatmap, Line, Row } from '@/api/types.ts';
import { colourIndexes } from '@/lib/color.ts';
import { duration, isDuration, number, short, valueText } from '@/lib/format.ts';
import type { CellValue } from '@/query/change.ts';
import { type Calculation, type Filter, labelOf, type Question } from '@/query/model.ts';
import type { Box, TimeGrid } from '@/viz/heat.ts';
import type { ChartLine } from '@/viz/LineChart.tsx';

/** The name of a group: its keys, as the reader sees them. */
export function groupName(answer: Answer, row: Row): string {
  return answer.breakdowns.map((field) => valueText(row[field])).join(', ');
}

/** One colour token for each group, by name, so that it stays the same from query to query. */
export function groupColours(answer: Answer): { colour: string; round: number }[] {
  const names = answer.results.map((row) => groupName(answer, row));
  const indexes = colourIndexes(names);
  return names.map((name) => {
    const { index, round } = indexes.get(name) ?? { index: 1, round: 0 };
    return { colour: `c${index}`, round };
  });
}

/** The lines of one calculation: one per group, or one over all rows. */
export function linesOf(answer: Answer, at: number): ChartLine[] {
  const label = answer.calculations[at]?.label ?? '';
  const values = (line: Line | undefined) => (line?.kind === 'numbers' ? line.values : []);
  if (answer.breakdowns.length === 0) {
    return answer.series
      .slice(0, 1)
      .map((one) => ({ label, colour: 'h5', round: 0, values: values(one.lines[at]) }));
  }
  const colours = groupColours(answer);
  return answer.results.map((row, i) => ({
    label: groupName(answer, row),
    colour: colours[i]?.colour ?? 'c1',
    round: colours[i]?.round ?? 0,
    values: values(answer.series[i]?.lines[at]),
  }));
}

/** The heatmap of one group alone. */
export function groupHeatmap(answer: Answer, at: number, group: number): Heatmap | undefined {
  const line = answer.series[group]?.lines[at];
  return line?.kind === 'heatmap' ? line : undefined;
}

/** Bucket starts, milliseconds. */
export function timesOf(grid: TimeGrid): number[] {
  return Array.from({ length: grid.buckets }, (_, i) => grid.firstMs + i * grid.stepMs);
}

/** How values of a calculation read on an axis and in a tooltip. */
export function sayerOf(one: { op: string; column?: string | null | undefined }): (value: number) => string {
  const counts = one.op === 'COUNT' || one.op === 'COUNT_DISTINCT' || one.op === 'CONCURRENCY';
  if (!counts && one.column && isDuration(one.column)) return duration;
  return short;
}

/** Full figure of a calculation, for tables. */
export function sayCell(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return '–';
  if (typeof cell === 'number') return number(cell);
  if (typeof cell === 'object') return `${cell.buckets.length} bins`;
  return String(cell);
}

/** No row passed: nothing counted, nothing measured, no cell. */
export function isEmpty(answer: Answer): boolean {
  const all = [...answer.series, ...(answer.total_series ? [answer.total_series] : [])];
  return all.every((one) =>
    one.lines.every((line) =>
      line.kind === 'heatmap'
        ? line.cells.length === 0
        : line.values.every((value) => value === null || value === 0),
    ),
  );
}

/** By what the answer's rows are ordered: as asked, else by the first calculation, greatest first. */
export function orderOf(answer: Answer): { label: string; descending: boolean } {
  const [first] = answer.asked.query.orders ?? [];
  if (first) {
    const op = first.op ?? undefined;
    const column = first.column ?? undefined;
    const label = op === undefined ? (column ?? '') : labelOf({ op, column });
    return { label, descending: first.order === 'descending' };
  }
  return { label: answer.calculations.find((one) => one.op !== 'HEATMAP')?.label ?? '', descending: true };
}

/** Two values in order; null last, numbers before text. */
export function compareCells(a: Cell | undefined, b: Cell | undefined): number {
  const rank = (cell: Cell | undefined) =>
    cell === null || cell === undefined || typeof cell === 'object' ? 2 : typeof cell === 'number' ? 0 : 1;
  const byRank = rank(a) - rank(b);
  if (byRank !== 0) return byRank;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return rank(a) === 2 ? 0 : String(a).localeCompare(String(b));
}

/** Order of rows by a column; null stays last in both directions. */
export function sortedRows(rows: readonly Row[], column: string, descending: boolean): number[] {
  const order = rows.map((_, i) => i);
  const missing = (cell: Cell | undefined) => cell === null || cell === undefined;
  return order.sort((i, j) => {
    const [a, b] = [rows[i]?.[column], rows[j]?.[column]];
    if (missing(a) !== missing(b)) return missing(a) ? 1 : -1;
    return descending ? compareCells(b, a) : compareCells(a, b);
  });
}

/** Narrower: the rows of one group. `undefined` with OR, which cannot be narrowed by another condition. */
export function groupFilters(answer: Answer, group: number): Filter[] {
  const row = answer.results[group];
  if (!row) return [];
  return answer.breakdowns.map((column): Filter => {
    const value = row[column] as CellValue | undefined;
    return value === null || value === undefined
      ? { column, op: 'does-not-exist' }
      : { column, op: '=', value };
  });
}

/** The box of a cell or brush as conditions. */
export function boxFilters(column: string, box: Pick<Box, 'min' | 'max'>): Filter[] {
  return [
    { column, op: '>=', value: box.min },
    { column, op: '<', value: box.max },
  ];
}

/** The question over an absolute range with further conditions, for rows and traces behind a point. */
export function narrowed(
  question: Question,
  startNs: bigint,
  endNs: bigint,
  more: readonly Filter[],
): Question {
  const or = question.combination === 'OR' && question.filters.length > 1;
  return {
    ...question,
    // Beside OR a further condition would widen; the time alone narrows then.
    filters: or ? question.filters : [...question.filters, ...more],
    range: { kind: 'between', startNs, endNs },
  };
}

/** The index of the heatmap of a column among the calculations. */
export function heatmapIndex(calculations: readonly Calculation[], column: string): number {
  return calculations.findIndex((one) => one.op === 'HEATMAP' && one.column === column);
}
