// Deliveries as rows: merging live updates, filters, words and sums. Pure, so that each rule has a test.

import type { Arrival, ArrivalEvent, Arrivals, Counters } from '@/api/types.ts';
import { count, duration, plural, short } from '@/lib/format.ts';

/** Rows kept: what nobody scrolls to must not fill the memory of a page left open over night. */
export const MOST_ROWS = 1_000;

/** The list after live events. Like deliveries are counted into their row, which then stands at the top. */
export function applyEvents(
  state: Arrivals,
  events: readonly ArrivalEvent[],
): { state: Arrivals; missed: number } {
  let { counters, by_protocol } = state;
  let missed = 0;
  const known = new Map(state.rows.map((row) => [row.id, row]));
  const changed = new Map<string, Arrival>();
  for (const event of events) {
    if (event.kind === 'missed') missed += event.updates;
    if (event.kind !== 'arrival') continue;
    const { arrival } = event;
    const row = changed.get(arrival.id) ?? known.get(arrival.id);
    // The list may be newer than a delivery that waited on the stream.
    if (row && compareNs(arrival.last_ns, row.last_ns) <= 0) continue;
    counters = plus(counters, arrival.counters);
    by_protocol = counted(by_protocol, arrival);
    changed.set(arrival.id, row ? joined(row, arrival) : arrival);
  }
  if (changed.size === 0) return { state, missed };
  const rows = [...changed.values(), ...state.rows.filter((row) => !changed.has(row.id))]
    .sort((a, b) => compareNs(b.last_ns, a.last_ns))
    .slice(0, MOST_ROWS);
  return { state: { ...state, rows, counters, by_protocol }, missed };
}

function counted(sums: Arrivals['by_protocol'], { protocol, counters }: Arrival): Arrivals['by_protocol'] {
  if (!sums.some((one) => one.protocol === protocol)) return [...sums, { protocol, counters }];
  return sums.map((one) =>
    one.protocol === protocol ? { protocol, counters: plus(one.counters, counters) } : one,
  );
}

/** A row with one more of its deliveries. */
function joined(row: Arrival, next: Arrival): Arrival {
  return {
    ...next,
    first_ns: row.first_ns,
    deliveries: row.deliveries + next.deliveries,
    counters: plus(row.counters, next.counters),
    wire_bytes: row.wire_bytes + next.wire_bytes,
    received_last_5m: row.received_last_5m + next.counters.received,
    datasets: union(row.datasets, next.datasets),
    signals: union(row.signals, next.signals),
  };
}

function union(a: readonly string[], b: readonly string[]): string[] {
  return [...new Set([...a, ...b])];
}

function compareNs(a: string, b: string): number {
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export interface Filter {
  outcome: 'all' | 'refused' | 'taken';
  protocol: string | undefined;
  key: string | undefined;
  sender: string | undefined;
}

export function passes(row: Arrival, filter: Filter): boolean {
  const bad = refusedItems(row) > 0;
  if (filter.outcome === 'refused' && !bad) return false;
  if (filter.outcome === 'taken' && row.counters.stored + row.counters.merged === 0) return false;
  return (
    (filter.protocol === undefined || row.protocol === filter.protocol) &&
    (filter.key === undefined || row.key_prefix === filter.key) &&
    (filter.sender === undefined || row.sender === filter.sender)
  );
}

export const refusedItems = (row: Arrival): number => row.counters.refused + row.counters.dropped;

/** How a row reads: refused, of another environment, stored before, or taken. */
export type Tone = 'refused' | 'partial' | 'elsewhere' | 'merged' | 'taken';

export function tone(row: Arrival, env: string): Tone {
  if (refusedItems(row) > 0) return row.counters.stored + row.counters.merged > 0 ? 'partial' : 'refused';
  if (row.env && row.env !== env) return 'elsewhere';
  return row.counters.stored === 0 && row.counters.merged > 0 ? 'merged' : 'taken';
}

const ITEMS: Record<string, string> = { traces: 'span', logs: 'line', metrics: 'point', events: 'event' };

/** `2 spans`, `1 event`. */
export function items(row: Arrival, n: number): string {
  return plural(n, ITEMS[row.signals[0] ?? ''] ?? 'item');
}

/** What became of it in a few words; where it went is said beside it. */
export function outcomeWords(row: Arrival, env: string): string {
  switch (tone(row, env)) {
    case 'refused':
      return row.reason?.text ?? `${items(row, refusedItems(row))} refused`;
    case 'partial':
      return `${items(row, row.counters.stored + row.counters.merged)} taken, ${count(refusedItems(row))} refused: ${row.reason?.text ?? ''}`;
    case 'elsewhere':
      return `${items(row, row.counters.stored + row.counters.merged)}, key of environment ${row.env}`;
    case 'merged':
      return `${items(row, row.counters.merged)} stored before, retry`;
    case 'taken':
      return row.counters.received === 0 ? 'answered' : items(row, row.counters.stored);
  }
}

/** `14× in 5 min`; empty for one delivery. */
export function seen(row: Arrival): string {
  if (row.deliveries < 2) return '';
  const ms = Number((BigInt(row.last_ns) - BigInt(row.first_ns)) / 1_000_000n);
  return `${short(row.deliveries)}× in ${ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : duration(ms).replace(/ \d+ s$/, '')}`;
}

export const addsUp = (c: Counters): boolean => c.received === c.stored + c.refused + c.dropped + c.merged;

export function plus(a: Counters, b: Counters): Counters {
  return {
    received: a.received + b.received,
    stored: a.stored + b.stored,
    refused: a.refused + b.refused,
    dropped: a.dropped + b.dropped,
    merged: a.merged + b.merged,
  };
}

export interface SenderSum {
  sender: string;
  datasets: string[];
  deliveries: number;
  /** Nothing of this sender was taken. */
  onlyRefused: boolean;
  /** Environments other than the page's. */
  elsewhere: string[];
}

/** Who sends, most deliveries first. */
export function bySender(rows: readonly Arrival[], env: string): SenderSum[] {
  const sums = new Map<string, SenderSum>();
  for (const row of rows) {
    const sum = sums.get(row.sender) ?? {
      sender: row.sender,
      datasets: [],
      deliveries: 0,
      onlyRefused: true,
      elsewhere: [],
    };
    sum.deliveries += row.deliveries;
    if (row.counters.stored + row.counters.merged > 0) sum.onlyRefused = false;
    for (const dataset of row.datasets) if (!sum.datasets.includes(dataset)) sum.datasets.push(dataset);
    if (row.env && row.env !== env && !sum.elsewhere.includes(row.env)) sum.elsewhere.push(row.env);
    sums.set(row.sender, sum);
  }
  return [...sums.values()].sort((a, b) => b.deliveries - a.deliveries);
}

export interface ReasonSum {
  code: string;
  text: string;
  protocol: string;
  items: number;
}

/** Why items were refused, most first. */
export function byReason(rows: readonly Arrival[]): ReasonSum[] {
  const sums = new Map<string, ReasonSum>();
  for (const row of rows) {
    if (!row.reason) continue;
    const id = `${row.reason.code} ${row.protocol}`;
    const sum = sums.get(id) ?? {
      code: row.reason.code,
      text: row.reason.text,
      protocol: row.protocol,
      items: 0,
    };
    sum.items += refusedItems(row);
    sums.set(id, sum);
  }
  return [...sums.values()].sort((a, b) => b.items - a.items);
}

/** Distinct values of a column, for its picker. */
export function distinct(
  rows: readonly Arrival[],
  of: (row: Arrival) => string | null | undefined,
): string[] {
  return [
    ...new Set(rows.map(of).filter((value): value is string => typeof value === 'string' && value !== '')),
  ].sort();
}
