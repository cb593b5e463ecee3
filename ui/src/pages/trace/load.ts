import { queryOptions } from '@tanstack/react-query';
import { get, getText, segment } from '@/api/client.ts';
import type { Request, TraceRow } from '@/api/types.ts';
import { workerAddress } from '@/lib/trusted.ts';
import { packTrace, type TraceAnswer, type TraceData } from './columns.ts';
import { layoutTrace, type TraceLayout } from './layout.ts';
import type { WorkerAnswer, WorkerTask } from './layout.worker.ts';
import layoutWorkerUrl from './layout.worker.ts?worker&url';
import { loneRow, mergeRequest, type Story } from './merge.ts';

/** A request's rows as they came and in drawing order. */
export interface LaidOut {
  data: TraceData;
  layout: TraceLayout;
  /** Why rows are there; none as long as the other sources have not been asked. */
  story?: Story;
}

/** A row takes about 190 characters; from 2,000 rows on reading and laying out leave the page's thread. */
const WORKER_FROM_CHARACTERS = 380_000;
const WORKER_FROM_ROWS = 2_000;

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
      return text.length < WORKER_FROM_CHARACTERS ? layOutHere(text) : inWorker({ text }, signal);
    },
    staleTime: 30_000,
    // Typed arrays compare by identity; looking into them would cost more than drawing them.
    structuralSharing: false,
  });

/** One row that stands for a request: a line or an error that carries no trace id. */
export const loneQuery = (env: string, eventId: string, atNs: string) =>
  queryOptions({
    queryKey: ['trace', env, 'lone', eventId],
    queryFn: async ({ signal }): Promise<{ row: TraceRow; laidOut: LaidOut }> => {
      const row = await getRow(env, eventId, atNs, signal);
      const data = loneRow(row);
      return { row, laidOut: { data, layout: layoutTrace(data) } };
    },
    staleTime: Number.POSITIVE_INFINITY,
    structuralSharing: false,
  });

/** From what the request is asked: a trace, or one row. */
export type RequestFrom =
  | { trace_id: string; start_ns: string; end_ns: string }
  | { event_id: string; at_ns: string };

/** What the other sources have of the request. */
export const othersQuery = (env: string, from: RequestFrom | undefined) =>
  queryOptions({
    queryKey: ['request', env, 'others', from],
    queryFn: ({ signal }) => {
      // The rows of a trace are here already; of one row alone, its identity tells it from the others.
      const rows = from && 'trace_id' in from ? { rows: 'others' } : {};
      return get<Request>('/request', { env, ...rows, ...from }, { signal });
    },
    enabled: from !== undefined,
    staleTime: 15_000,
    structuralSharing: false,
  });

/** Lays out what was asked for together with what joins brought. */
export function layOutMerged(base: TraceData, request: Request, signal: AbortSignal): Promise<LaidOut> {
  if (base.count + request.rows.length >= WORKER_FROM_ROWS) return inWorker({ base, request }, signal);
  return Promise.resolve(mergeHere(base, request));
}

export function mergeHere(base: TraceData, request: Request): LaidOut {
  const { data, story } = mergeRequest(base, request);
  return { data, layout: layoutTrace(data), story };
}

const getRow = (env: string, eventId: string, atNs: string, signal: AbortSignal) =>
  get<TraceRow>(`/environments/${segment(env)}/rows/${segment(eventId)}`, { at_ns: atNs }, { signal });

/** All fields of one row, found by its identity and time. */
export const rowQuery = (env: string, eventId: string, atNs: bigint) =>
  queryOptions({
    queryKey: ['row', env, eventId],
    queryFn: ({ signal }) => getRow(env, eventId, String(atNs), signal),
    enabled: eventId !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });

export function layOutHere(text: string): LaidOut {
  const data = packTrace(JSON.parse(text) as TraceAnswer);
  return { data, layout: layoutTrace(data) };
}

function inWorker(task: WorkerTask, signal: AbortSignal): Promise<LaidOut> {
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
    worker.postMessage(task);
  });
}
