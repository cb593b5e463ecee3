import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerQuery, askOf } from '@/api/queries.ts';
import type { QuerySpec } from '@/api/types.ts';

/** A small question beside the map. */
export function useBeside(env: string, spec: QuerySpec | undefined, keep = false) {
  return useQuery({
    queryKey: ['map beside', env, spec ?? null],
    queryFn: ({ signal }) =>
      answerQuery({ ...askOf(env, undefined, spec ?? {}), log_heatmap: true }, { signal }),
    enabled: spec !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  });
}
