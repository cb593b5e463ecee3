/** The service map. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, segment } from './client.ts';
import type { ServiceMap } from './types.ts';

/** Which traces: of a range in nanoseconds, maybe of one group. */
export interface MapAsk {
  startNs: string;
  endNs: string;
  group: string | undefined;
}

export const mapQuery = (env: string, ask: MapAsk) =>
  queryOptions({
    queryKey: ['map', env, ask],
    queryFn: ({ signal }) =>
      get<ServiceMap>(
        `/environments/${segment(env)}/map`,
        { start_ns: ask.startNs, end_ns: ask.endNs, group: ask.group },
        { signal },
      ),
    staleTime: Number.POSITIVE_INFINITY,
    // Another range or group replaces the picture when it is there, not before.
    placeholderData: keepPreviousData,
  });
