/** Log groups, streams, pages of lines, counts, the tail. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { get, post, segment, stream } from './client.ts';
import type { LogCounts, LogGroup, LogLineFields, LogLines, LogStream, LogTailEvent } from './types.ts';

const at = (env: string) => `/environments/${segment(env)}/logs`;

export const groupsQuery = (env: string) =>
  queryOptions({
    queryKey: ['logs', 'groups', env],
    queryFn: async ({ signal }) =>
      (await get<{ groups: LogGroup[] }>(`${at(env)}/groups`, {}, { signal })).groups,
    staleTime: 5_000,
    refetchInterval: 15_000,
  });

const STREAMS_LISTED = 50;

export const streamsQuery = (env: string, group: string) =>
  queryOptions({
    queryKey: ['logs', 'streams', env, group],
    queryFn: ({ signal }) =>
      get<{ streams: LogStream[]; total: number }>(
        `${at(env)}/streams`,
        { group, limit: STREAMS_LISTED },
        { signal },
      ),
    staleTime: 5_000,
    refetchInterval: 15_000,
  });

/** Which lines: of one group, maybe of one stream, that pass a filter, between two times. */
export interface LinesAsk {
  env: string;
  group: string;
  stream: string | undefined;
  filter: string | undefined;
  startNs: string;
  endNs: string;
}

const bodyOf = ({ env, group, stream: one, filter, startNs, endNs }: LinesAsk) => ({
  env,
  group,
  ...(one === undefined ? {} : { streams: [one] }),
  ...(filter === undefined ? {} : { filter }),
  start_ns: startNs,
  end_ns: endNs,
});

/** The identity of a line's row, as questions over all sources name it. */
export const eventOf = (id: string): string => id.slice(id.indexOf('.') + 1);

const PAGE = 300;

/** The newest lines first, page by page. */
export const linesQuery = (ask: LinesAsk) =>
  infiniteQueryOptions({
    queryKey: ['logs', 'lines', ask],
    queryFn: ({ signal, pageParam }) =>
      post<LogLines>(
        '/logs/lines',
        { ...bodyOf(ask), order: 'newest', limit: PAGE, ...(pageParam ? { beyond: pageParam } : {}) },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (last) => (last.more ? last.lines.at(-1)?.id : undefined),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const countsQuery = (ask: LinesAsk, intervals: number) =>
  queryOptions({
    queryKey: ['logs', 'counts', ask, intervals],
    queryFn: ({ signal }) => post<LogCounts>('/logs/counts', { ...bodyOf(ask), intervals }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const lineQuery = (env: string, group: string, id: string) =>
  queryOptions({
    queryKey: ['logs', 'line', env, group, id],
    queryFn: ({ signal }) => get<LogLineFields>(`${at(env)}/lines/${segment(id)}`, { group }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Lines just before and after one, in the same stream. */
export const aroundQuery = (env: string, group: string, one: { id: string; stream: string }, each: number) =>
  queryOptions({
    queryKey: ['logs', 'around', env, group, one.id, each],
    queryFn: async ({ signal }) => {
      const ask = { env, group, streams: [one.stream], beyond: one.id, limit: each };
      const [before, after] = await Promise.all([
        post<LogLines>('/logs/lines', { ...ask, order: 'newest' }, { signal }),
        post<LogLines>('/logs/lines', { ...ask, order: 'oldest' }, { signal }),
      ]);
      return { before: before.lines.toReversed(), after: after.lines };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Hears every batch of lines from now on, until the loop ends or the signal is aborted. */
export function tailLines(
  env: string,
  ask: { group: string; stream: string | undefined; filter: string | undefined },
  signal: AbortSignal,
) {
  const search = new URLSearchParams({ group: ask.group });
  if (ask.stream !== undefined) search.set('stream', ask.stream);
  if (ask.filter !== undefined) search.set('filter', ask.filter);
  return stream<LogTailEvent>('GET', `${at(env)}/tail?${search}`, undefined, { signal });
}
