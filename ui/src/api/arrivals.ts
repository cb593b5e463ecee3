/** The ledger of deliveries: its shapes, its list and its live stream. */
import { queryOptions } from '@tanstack/react-query';
import { get, stream } from './client.ts';

/** Items, by what became of them: received = stored + refused + dropped + merged. */
export interface Counters {
  received: number;
  stored: number;
  refused: number;
  dropped: number;
  merged: number;
}

export interface ArrivalReason {
  code: string;
  text: string;
  fix: string;
  /** The line to copy into the client's environment, with `<key>` where the key goes. */
  copy?: string | null;
  /** What exactly was wrong. */
  detail?: string | null;
}

/** Like deliveries of one sender. */
export interface Arrival {
  id: string;
  first_ns: string;
  last_ns: string;
  deliveries: number;
  protocol: string;
  signal: string | null;
  sender: string;
  user_agent: string | null;
  key_prefix: string | null;
  /** Slug of the environment the key belongs to. */
  env: string | null;
  datasets: string[];
  wire_bytes: number;
  counters: Counters;
  reason: ArrivalReason | null;
  received_last_5m?: number;
}

export interface Arrivals {
  rows: Arrival[];
  counters: Counters;
  by_protocol?: { protocol: string; counters: Counters }[];
  refused_last_5m?: number;
}

export type ArrivalEvent =
  | { kind: 'arrival'; arrival: Arrival; counters: Counters }
  | { kind: 'missed'; updates: number }
  | { kind: 'idle' };

export type OutcomeFilter = 'all' | 'refused' | 'taken';

/** Deliveries of all environments, latest first. */
export const arrivalsQuery = (outcome: OutcomeFilter, protocol: string | undefined, limit: number) =>
  queryOptions({
    queryKey: ['arrivals', outcome, protocol, limit],
    queryFn: ({ signal }) => get<Arrivals>('/arrivals', { outcome, protocol, limit }, { signal }),
    staleTime: 0,
  });

const BADGE_EVERY_MS = 15_000;
const FIVE_MINUTES_NS = 300_000_000_000n;

/** Items refused in the last five minutes, for the badge at the rail. */
export const refusedQuery = () =>
  queryOptions({
    queryKey: ['arrivals', 'badge'],
    queryFn: async ({ signal }) => {
      const { rows, refused_last_5m } = await get<Arrivals>(
        '/arrivals',
        { outcome: 'refused', limit: 100 },
        { signal },
      );
      return refused_last_5m ?? refusedSince(rows, BigInt(Date.now()) * 1_000_000n - FIVE_MINUTES_NS);
    },
    refetchInterval: BADGE_EVERY_MS,
    staleTime: BADGE_EVERY_MS,
  });

/** Items of rows that ended after `since`; a row counts whole, as it does not say when each of its items came. */
export function refusedSince(rows: readonly Arrival[], since: bigint): number {
  let sum = 0;
  for (const row of rows)
    if (BigInt(row.last_ns) >= since) sum += row.counters.refused + row.counters.dropped;
  return sum;
}

/** Hears every delivery from now on, until the loop ends or the signal is aborted. */
export const liveArrivals = (signal: AbortSignal) =>
  stream<ArrivalEvent>('GET', '/arrivals/live', undefined, { signal });
