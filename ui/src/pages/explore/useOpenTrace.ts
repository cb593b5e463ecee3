import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { post } from '@/api/client.ts';
import { askOf } from '@/api/queries.ts';
import type { Answer, Row, Rows } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { fromMs } from '@/lib/time.ts';
import { type Filter, type Question, specOf } from '@/query/model.ts';
import { gridOf } from '@/viz/answer.ts';
import type { Box } from '@/viz/heat.ts';
import { boxFilters, groupFilters, narrowed } from './model.ts';

/** Rows looked through for one that belongs to a trace. */
const LOOKED = 100;

/** From a point of a graph, or a row, to the trace behind it. */
export function useOpenTrace(
  env: string,
  dataset: string | undefined,
  question: Question,
  answer: Answer | undefined,
) {
  const navigate = useNavigate();
  const [message, setMessage] = useState<string>();

  const openTrace = (id: string, search: { span?: string; from?: string; to?: string } = {}) =>
    void navigate({ ...paths.trace(env, id), search });

  const openRow = (row: Row) => {
    const id = row['trace.trace_id'];
    if (typeof id !== 'string') return;
    const span = row['trace.span_id'];
    const at = typeof row.timestamp_ns === 'string' ? BigInt(row.timestamp_ns) : undefined;
    openTrace(id, {
      ...(typeof span === 'string' ? { span } : {}),
      // The trace began before this row; an hour to each side is where it is looked for first.
      ...(at === undefined
        ? {}
        : { from: String(at - 3_600_000_000_000n), to: String(at + 3_600_000_000_000n) }),
    });
  };

  const openFirst = async (startMs: number, endMs: number, more: readonly Filter[]) => {
    setMessage('looking for a trace here …');
    try {
      const query = specOf({
        ...narrowed(question, fromMs(startMs), fromMs(endMs), more),
        calculations: [],
        breakdowns: [],
        orders: [],
        havings: [],
        limit: undefined,
      });
      const { rows } = await post<Rows>('/rows', { ...askOf(env, dataset, query), limit: LOOKED });
      const row = rows.find((one) => typeof one['trace.trace_id'] === 'string');
      if (!row) return setMessage('No event here belongs to a trace.');
      setMessage(undefined);
      openRow(row);
    } catch (error) {
      setMessage(error instanceof Error ? error.message : String(error));
    }
  };

  return {
    /** What to say while looking, or why nothing opened. */
    message,
    openTrace,
    openRow,
    openCell: (column: string, box: Box) => void openFirst(box.startMs, box.endMs, boxFilters(column, box)),
    openPoint: (bucket: number, group: number) => {
      if (!answer) return;
      const grid = gridOf(answer);
      const start = grid.firstMs + bucket * grid.stepMs;
      void openFirst(
        Math.max(start, grid.startMs),
        Math.min(start + grid.stepMs, grid.endMs),
        groupFilters(answer, group),
      );
    },
  };
}
