/** The ledger of deliveries: its list and its live stream. */
import { queryOptions } from '@tanstack/react-query';
import { get, stream } from './client.ts';
import type { ArrivalEvent, Arrivals } from './types.ts';

export type OutcomeFilter = 'all' | 'refused' | 'taken';

/** Deliveries of all environments, latest first. */
export const arrivalsQuery = (outcome: OutcomeFilter, protocol: string | undefined, limit: number) =>
  queryOptions({
    queryKey: ['arrivals', outcome, protocol, limit],
    queryFn: ({ signal }) => get<Arrivals>('/arrivals', { outcome, protocol, limit }, { signal }),
    staleTime: 0,
  });

const BADGE_EVERY_MS = 15_000;

/** Items refused in the last five minutes, for the badge at the rail. */
export const refusedQuery = () =>
  queryOptions({
    queryKey: ['arrivals', 'badge'],
    queryFn: async ({ signal }) =>
      (await get<Arrivals>('/arrivals', { outcome: 'refused', limit: 1 }, { signal })).refused_last_5m,
    refetchInterval: BADGE_EVERY_MS,
    staleTime: BADGE_EVERY_MS,
  });

/** Hears every delivery from now on, until the loop ends or the signal is aborted. */
export const liveArrivals = (signal: AbortSignal) =>
  stream<ArrivalEvent>('GET', '/arrivals/live', undefined, { signal });
