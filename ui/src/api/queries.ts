import { queryOptions } from '@tanstack/react-query';
import { ApiError, type CallOptions, get, post, segment, stream } from './client.ts';
import type {
  Answer,
  Ask,
  BubbleSelection,
  Cell,
  Dataset,
  Facets,
  Field,
  QueryEvent,
  QuerySpec,
  Rows,
  Session,
  TraceSummary,
} from './types.ts';

/** Who we are to this server, and which environments there are. */
export const sessionQuery = () =>
  queryOptions({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<Session>('/session', {}, { signal }),
    staleTime: 10_000,
    refetchInterval: 15_000,
  });

export const datasetsQuery = (env: string) =>
  queryOptions({
    queryKey: ['datasets', env],
    queryFn: async ({ signal }) =>
      (await get<{ datasets: Dataset[] }>(`/environments/${segment(env)}/datasets`, {}, { signal })).datasets,
    staleTime: 5_000,
  });

export const fieldsQuery = (env: string, dataset: string | undefined) =>
  queryOptions({
    queryKey: ['fields', env, dataset ?? null],
    queryFn: async ({ signal }) =>
      (await get<{ fields: Field[] }>(`/environments/${segment(env)}/fields`, { dataset }, { signal }))
        .fields,
    staleTime: 10_000,
  });

export const valuesQuery = (env: string, dataset: string | undefined, field: string, prefix: string) =>
  queryOptions({
    queryKey: ['values', env, dataset ?? null, field, prefix],
    queryFn: async ({ signal }) =>
      (
        await get<{ values: { value: Cell; count: number }[] }>(
          `/environments/${segment(env)}/values`,
          { dataset, field, prefix, limit: 20 },
          { signal },
        )
      ).values,
    staleTime: 30_000,
  });

/** What is asked, and where; no dataset: all of the environment's. */
export function askOf(env: string, dataset: string | undefined, query: QuerySpec): Ask {
  return { env, query, ...(dataset === undefined ? {} : { dataset }) };
}

/** Runs a question; `tell` hears every line before the last. */
export async function runQuery(
  ask: Ask,
  tell: (event: QueryEvent) => void,
  options: CallOptions,
): Promise<Answer> {
  for await (const event of stream<QueryEvent>('POST', '/query', ask, options)) {
    if (event.kind === 'done') return event.answer;
    if (event.kind === 'error') {
      throw new ApiError(event.problem.status, event.problem.title, event.problem.detail);
    }
    tell(event);
  }
  throw new ApiError(0, 'The answer broke off', 'the connection closed before the last line');
}

/** Runs a small question without progress. */
export function answerQuery(ask: Ask, options: CallOptions = {}): Promise<Answer> {
  return post<Answer>('/query', ask, options);
}

export const bubbleUpQuery = (ask: Ask, selection: BubbleSelection | undefined, limit: number) =>
  queryOptions({
    queryKey: ['bubble_up', ask, selection ?? null, limit],
    queryFn: ({ signal }) =>
      post<Facets>('/bubble_up', { ...ask, ...(selection ? { selection } : {}), limit }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const tracesQuery = (ask: Ask, sort: 'newest' | 'slowest', limit: number) =>
  queryOptions({
    queryKey: ['traces', ask, sort, limit],
    queryFn: async ({ signal }) =>
      (await post<{ traces: TraceSummary[] }>('/traces', { ...ask, sort, limit }, { signal })).traces,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const rowsQuery = (ask: Ask, limit: number) =>
  queryOptions({
    queryKey: ['rows', ask, limit],
    queryFn: ({ signal }) => post<Rows>('/rows', { ...ask, limit }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
