import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { workerAddress } from '@/lib/trusted.ts';
import type { Layout, LayoutAsk } from './layout.ts';
import type { WorkerAnswer } from './layout.worker.ts';
import layoutWorkerUrl from './layout.worker.ts?worker&url';

/** The layout of what is asked, with what was asked: the last one stays until the next is there. */
export function useLayout<T extends LayoutAsk>(ask: T | undefined, key: unknown) {
  return useQuery({
    queryKey: ['map', 'layout', key],
    queryFn: async ({ signal }) => ({ ask: ask as T, layout: await inWorker(ask as T, signal) }),
    enabled: ask !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
}

function inWorker(ask: LayoutAsk, signal: AbortSignal): Promise<Layout> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(workerAddress(layoutWorkerUrl), { type: 'module', name: 'map-layout' });
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
      else resolve(answer.layout);
    };
    worker.onerror = (event) => {
      end();
      reject(new Error(event.message || 'the worker that lays the map out could not start'));
    };
    // Only what the worker needs: the picture holds more.
    worker.postMessage({
      nodes: ask.nodes.map(({ id, radius, textWidth }) => ({ id, radius, textWidth })),
      edges: ask.edges.map(({ from, to, label }) => ({ from, to, label })),
    } satisfies LayoutAsk);
  });
}
