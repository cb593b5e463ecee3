import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { answerQuery, askOf } from '@/api/queries.ts';
import type { QuerySpec } from '@/api/types.ts';

/** A question of Home; while the next answer is under way the last one stays. */
const answerOf = (env: string, spec: QuerySpec | undefined, log: boolean) =>
  queryOptions({
    queryKey: ['home', env, spec ?? null, log],
    queryFn: ({ signal }) =>
      answerQuery(
        { ...askOf(env, undefined, spec ?? {}), ...(log ? { log_heatmap: true } : {}) },
        { signal },
      ),
    enabled: spec !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });

export function useAnswer(env: string, spec: QuerySpec | undefined, log = false) {
  return useQuery(answerOf(env, spec, log));
}
