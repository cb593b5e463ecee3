// Reads, merges and lays out large requests beside the page's thread. Results are handed over, not copied.

import type { Request } from '@/api/types.ts';
import { packTrace, type TraceAnswer, type TraceData, traceBuffers } from './columns.ts';
import { layoutBuffers, layoutTrace } from './layout.ts';
import type { LaidOut } from './load.ts';
import { mergeRequest } from './merge.ts';

/** A trace as it came; or one that is packed, with what joins brought. */
export type WorkerTask = { text: string } | { base: TraceData; request: Request };
export type WorkerAnswer = { laidOut: LaidOut } | { error: string };

// Types of a worker's own scope need a library that clashes with the page's.
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<WorkerTask>) => void) | null;
  postMessage(message: WorkerAnswer, transfer: Transferable[]): void;
};

scope.onmessage = ({ data: task }) => {
  try {
    const read =
      'text' in task
        ? { data: packTrace(JSON.parse(task.text) as TraceAnswer) }
        : mergeRequest(task.base, task.request);
    const layout = layoutTrace(read.data);
    const transfer = [...traceBuffers(read.data), ...layoutBuffers(layout)];
    scope.postMessage({ laidOut: { ...read, layout } }, transfer);
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) }, []);
  }
};
