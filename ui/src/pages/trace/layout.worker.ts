// Reads and lays out large traces beside the page's thread. Results are handed over, not copied.

import { packTrace, type TraceAnswer, traceBuffers } from './columns.ts';
import { layoutBuffers, layoutTrace } from './layout.ts';
import type { LaidOut } from './load.ts';

export type WorkerAnswer = { laidOut: LaidOut } | { error: string };

// Types of a worker's own scope need a library that clashes with the page's.
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage(message: WorkerAnswer, transfer: Transferable[]): void;
};

scope.onmessage = ({ data: text }) => {
  try {
    const data = packTrace(JSON.parse(text) as TraceAnswer);
    const layout = layoutTrace(data);
    scope.postMessage({ laidOut: { data, layout } }, [...traceBuffers(data), ...layoutBuffers(layout)]);
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) }, []);
  }
};
