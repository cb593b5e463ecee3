import { useQuery } from '@tanstack/react-query';
import { type LaidOut, layOutMerged, othersQuery, type RequestFrom } from './load.ts';

/** How far the other sources have been asked. */
export interface Others {
  state: 'asking' | 'failed' | 'told';
  error: Error | null;
  again: () => void;
}

/**
 * What was asked for, at once; and as soon as the other sources have answered, the whole request in its place.
 * `baseAt`: when `base` came.
 */
export function useRequest(
  env: string,
  base: LaidOut,
  baseAt: number,
  from: RequestFrom,
): { laidOut: LaidOut; others: Others } {
  const others = useQuery(othersQuery(env, from));
  const merged = useQuery({
    queryKey: ['trace', env, 'merged', from, baseAt, others.dataUpdatedAt],
    queryFn: ({ signal }) => {
      if (!others.data) throw new Error('the other sources have not answered');
      return layOutMerged(base.data, others.data, signal);
    },
    enabled: others.data !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    structuralSharing: false,
    // Asked again, what stands there stays until the new answer is laid out.
    placeholderData: (last) => last,
  });
  const error = others.error ?? merged.error;
  return {
    laidOut: merged.data ?? base,
    others: {
      state: error ? 'failed' : merged.isSuccess && !merged.isPlaceholderData ? 'told' : 'asking',
      error,
      again: () => void others.refetch(),
    },
  };
}
