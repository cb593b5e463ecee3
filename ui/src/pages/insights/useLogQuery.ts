import { useQuery, useQueryClient } from '@tanstack/react-query';
import { type LogAsk, runLogQuery } from '@/api/logQuery.ts';
import type { LogQueryAnswer } from '@/api/types.ts';

/** Runs the question of the address; partial answers show while it reads. */
export function useLogQuery(ask: LogAsk | undefined) {
  const client = useQueryClient();
  const key = ['log-query', ask];
  const partKey = ['log-query-part', ask];
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      runLogQuery(ask as LogAsk, (part) => client.setQueryData(partKey, part), { signal }),
    enabled: ask !== undefined && ask.query.trim() !== '',
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const part = useQuery<LogQueryAnswer>({ queryKey: partKey, enabled: false }).data;
  return {
    answer: query.data ?? (query.error ? undefined : part),
    running: query.isFetching,
    error: query.error,
    cancel: () => void client.cancelQueries({ queryKey: key }),
  };
}
