/** The same request in all sources. */
import { queryOptions } from '@tanstack/react-query';
import { get } from './client.ts';
import type { Request } from './types.ts';

export interface RequestAsk {
  trace?: string | undefined;
  span?: string | undefined;
  event?: string | undefined;
  at?: string | undefined;
}

export const requestQuery = (env: string, ask: RequestAsk) =>
  queryOptions({
    queryKey: ['request', env, ask],
    queryFn: ({ signal }) =>
      get<Request>(
        '/request',
        { env, trace_id: ask.trace, span_id: ask.span, event_id: ask.event, at_ns: ask.at },
        { signal },
      ),
    enabled: ask.trace !== undefined || ask.event !== undefined,
    staleTime: 15_000,
  });
