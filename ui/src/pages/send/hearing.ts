// What the waiting box has heard, as a state: nothing, a refusal, data for another environment, or the first data.

import type { Arrival, ArrivalEvent } from '@/api/types.ts';
import { nanos, toMs } from '@/lib/time.ts';
import type { What } from './model.ts';
import { sourceOf } from './sources.ts';

export interface Heard {
  /** Latest first, each delivery as its row came. */
  log: Arrival[];
  /** First data for this environment. */
  first: Arrival | undefined;
  /** Latest refusal, while no data has come since. */
  refused: Arrival | undefined;
  /** Latest data for another environment, while none has come for this one. */
  elsewhere: Arrival | undefined;
}

export const SILENCE: Heard = { log: [], first: undefined, refused: undefined, elsewhere: undefined };

const LOG_LINES = 8;

const speaks = (row: Arrival, what: What) => sourceOf(what).protocols.includes(row.protocol);

/** Whether a delivery is what the page waits for: spans, segments, lines, occurrences or events. */
function isAwaited(row: Arrival, what: What): boolean {
  // Questions and settings come the same way, and bring nothing.
  if (row.counters.stored + row.counters.merged === 0) return false;
  return speaks(row, what) && (what !== 'otel' || row.signals.length === 0 || row.signals.includes('traces'));
}

/** What this environment has of a source: how many, and when the last came. */
export function lastOf(
  rows: readonly Arrival[],
  env: string,
  what: What,
): { items: number; ms: number } | undefined {
  const own = rows.filter((row) => row.env === env && isAwaited(row, what));
  if (own.length === 0) return undefined;
  return {
    items: own.reduce((sum, { counters }) => sum + counters.stored + counters.merged, 0),
    ms: Math.max(...own.map((row) => toMs(nanos(row.last_ns)))),
  };
}

export function hear(heard: Heard, events: readonly ArrivalEvent[], env: string, what: What): Heard {
  let next = heard;
  for (const event of events) {
    if (event.kind !== 'arrival' || event.arrival.protocol === 'api') continue;
    const row = event.arrival;
    next = { ...next, log: [row, ...next.log.filter((one) => one.id !== row.id)].slice(0, LOG_LINES) };
    const bad = row.counters.refused + row.counters.dropped > 0;
    // A refusal on any way in may be the one that is missed: a wrong port or path comes as another protocol.
    if (bad) next.refused = row;
    else if (row.env !== env) next.elsewhere = row;
    else if (isAwaited(row, what)) {
      next.first ??= row;
      next.refused = undefined;
      next.elsewhere = undefined;
    }
  }
  return next;
}
