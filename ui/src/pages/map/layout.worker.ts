// Lays maps out beside the page's thread; the library for it is loaded here alone.

import { type Layout, type LayoutAsk, layOut } from './layout.ts';

export type WorkerAnswer = { layout: Layout } | { error: string };

// Types of a worker's own scope need a library that clashes with the page's.
const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<LayoutAsk>) => void) | null;
  postMessage(message: WorkerAnswer): void;
};

scope.onmessage = ({ data }) => {
  try {
    scope.postMessage({ layout: layOut(data) });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
