// How the services of Home are sorted. Pure.
import type { Row } from '@/api/types.ts';
import { valueText } from '@/lib/format.ts';
import { numberOf } from './model.ts';

export type By = 'name' | 'rate' | 'errors' | 'p50' | 'p95' | 'p99';

export interface Order {
  by: By;
  down: boolean;
}

const ALL: readonly By[] = ['name', 'rate', 'errors', 'p50', 'p95', 'p99'];

/** What the address says, else the slowest first. */
export function orderOf(sort: string | undefined): Order {
  const by = ALL.find((one) => one === sort?.replace(/^-/u, ''));
  return by ? { by, down: sort?.startsWith('-') ?? false } : { by: 'p95', down: true };
}

/** A figure begins with the greatest, a name with A; the same again turns it round. */
export function nextSort(order: Order, by: By): string {
  const down = order.by === by ? !order.down : by !== 'name';
  return down ? `-${by}` : by;
}

/** Places of the rows in order. One without the figure comes last either way. */
export function sortedRows(rows: readonly Row[], { by, down }: Order): number[] {
  const places = rows.map((_, i) => i);
  const sign = down ? -1 : 1;
  if (by === 'name') {
    const names = rows.map((row) => valueText(row['service.name']));
    return places.sort((a, b) => sign * (names[a] ?? '').localeCompare(names[b] ?? ''));
  }
  const figures = rows.map((row) => figure(row, by));
  return places.sort((a, b) => {
    const [x, y] = [figures[a], figures[b]];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
    return sign * (x - y);
  });
}

function figure(row: Row, by: Exclude<By, 'name'>): number | undefined {
  const count = numberOf(row.COUNT);
  if (by === 'rate') return count;
  if (by === 'errors') return count ? (numberOf(row.errors) ?? 0) / count : undefined;
  return numberOf(row[`${by.toUpperCase()}(duration_ms)`]);
}
