import { queryOptions } from '@tanstack/react-query';
import { get, getText, segment } from '@/api/client.ts';
import type { TraceRow } from '@/api/types.ts';
import { workerAddress } from '@/lib/trusted.ts';
import { packTrace, type TraceAnswer, type TraceData } from './columns.ts';
import { layoutTrace, type TraceLayout } from './layout.ts';
import type { WorkerAnswer } from './layout.worker.ts';
import layoutWorkerUrl from './layout.worker.ts?worker&url';

/** A trace as it came, and its rows in drawing order. */
export interface LaidOut {
  data: TraceData;
  layout: TraceLayout;
}

/** A row takes about 190 characters; from 2,000 rows on reading and laying out leave the page's thread. */
const WORKER_FROM_CHARACTERS = 380_000;

/** Where a trace is looked for first, nanoseconds since 1970. */
export interface TraceHint {
  from?: string | undefined;
  to?: string | undefined;
}

const tracePath = (env: string, id: string) => `/environments/${segment(env)}/traces/${segment(id)}`;

/** One trace, laid out. Traces still grow for a while after their first span; `Refresh` asks again. */
export const traceQuery = (env: string, id: string, hint: TraceHint = {}) =>
  queryOptions({
    queryKey: ['trace', env, id],
    queryFn: async ({ signal }) => {
      const range = { start_ns: hint.from, end_ns: hint.to };
      const text = await getText(tracePath(env, id), range, { signal });
      return text.length < WORKER_FROM_CHARACTERS ? layOutHere(text) : layOutInWorker(text, signal);
    },
    staleTime: 30_000,
    // Typed arrays compare by identity; looking into them would cost more than drawing them.
    structuralSharing: false,
  });

/** All fields of one row. */
export const rowQuery = (env: string, id: string, eventId: string) =>
  queryOptions({
    queryKey: ['trace', env, id, 'row', eventId],
    queryFn: ({ signal }) => get<TraceRow>(`${tracePath(env, id)}/rows/${segment(eventId)}`, {}, { signal }),
    enabled: eventId !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });

export function layOutHere(text: string): LaidOut {
  const data = packTrace(JSON.parse(text) as TraceAnswer);
  return { data, layout: layoutTrace(data) };
}

function layOutInWorker(text: string, signal: AbortSignal): Promise<LaidOut> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerAddress(layoutWorkerUrl), { type: 'module', name: 'trace-layout' });
    const end = () => {
      worker.terminate();
      signal.removeEventListener('abort', stop);
    };
    const stop = () => {
      end();
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop);
    worker.onmessage = ({ data: answer }: MessageEvent<WorkerAnswer>) => {
      end();
      if ('error' in answer) reject(new Error(answer.error));
      else resolve(answer.laidOut);
    };
    worker.onerror = (event) => {
      end();
      reject(new Error(event.message || 'the worker that lays traces out could not start'));
    };
    worker.postMessage(text);
  });
}
