import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import { askOf, runQuery } from '@/api/queries.ts';
import type { Answer, ScanStats } from '@/api/types.ts';
import { type Question, specOf } from '@/query/model.ts';

export interface Run {
  /** The last answer; the one before stays while a new one is under way. */
  answer: Answer | undefined;
  /** The answer is not final: still reading, or cancelled. */
  partial: boolean;
  cancelled: boolean;
  running: boolean;
  progress: ScanStats | undefined;
  startedAt: number | undefined;
  error: Error | null;
  ranAt: number | undefined;
  again: () => void;
  cancel: () => void;
}

interface Live {
  startedAt: number;
  stats?: ScanStats;
  partial?: Answer;
  state: 'running' | 'done' | 'cancelled';
}

/** Runs the question of the address, streamed: figures and partial answers while it reads. */
export function useRun(
  env: string,
  dataset: string | undefined,
  question: Question,
  live: boolean,
  log: boolean,
): Run {
  const client = useQueryClient();
  const ask = useMemo(
    () => ({ ...askOf(env, dataset, specOf(question)), log_heatmap: log }),
    [env, dataset, question, log],
  );
  const key = ['query', ask];
  const liveKey = ['query-live', ask];
  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }) => {
      let now: Live = { startedAt: Date.now(), state: 'running' };
      const tell = (next: Partial<Live>) => {
        now = { ...now, ...next };
        client.setQueryData(liveKey, now);
      };
      tell({});
      try {
        const answer = await runQuery(
          ask,
          (event) => {
            if (event.kind === 'progress') tell({ stats: event.stats });
            if (event.kind === 'partial') tell({ partial: event.answer, stats: event.answer.stats });
          },
          { signal },
        );
        tell({ state: 'done' });
        return answer;
      } catch (error) {
        tell({ state: signal.aborted ? 'cancelled' : 'done' });
        throw error;
      }
    },
    placeholderData: keepPreviousData,
    staleTime: question.range.kind === 'last' ? 15_000 : Number.POSITIVE_INFINITY,
    refetchInterval: live && question.range.kind === 'last' ? 10_000 : false,
  });
  const told = useQuery<Live>({ queryKey: liveKey, enabled: false }).data;
  const running = query.isFetching;
  // A first answer grows on the screen; a later one replaces the old picture when it is whole.
  const fresh = query.data !== undefined && !query.isPlaceholderData;
  const showPartial = !fresh && told?.partial !== undefined;
  return {
    answer: showPartial ? told?.partial : query.data,
    partial: showPartial,
    cancelled: !running && told?.state === 'cancelled' && !fresh,
    running,
    progress: running ? told?.stats : undefined,
    startedAt: running ? told?.startedAt : undefined,
    error: query.isPlaceholderData ? null : query.error,
    ranAt: query.dataUpdatedAt || undefined,
    again: () => void query.refetch(),
    cancel: () => void client.cancelQueries({ queryKey: key }, { revert: false }),
  };
}
