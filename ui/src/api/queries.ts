import { queryOptions } from '@tanstack/react-query';
import { get } from './client.ts';
import type { Session } from './types.ts';

/** Who we are to this server, and which environments there are. */
export const sessionQuery = () =>
  queryOptions({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<Session>('/session', {}, { signal }),
    staleTime: 10_000,
    refetchInterval: 15_000,
  });
