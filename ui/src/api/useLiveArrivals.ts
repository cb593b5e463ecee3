import { useEffect, useRef, useState } from 'react';
import { liveArrivals } from './arrivals.ts';
import type { ArrivalEvent } from './types.ts';

export type LiveState = { kind: 'connecting' } | { kind: 'live' } | { kind: 'broken'; retryAt: number };

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * Listens to deliveries while the page is open, and again after a break: 1 s, 2 s … 30 s later. `heard` gets
 * the events of one moment together, so that a thousand a second paint once a frame.
 */
export function useLiveArrivals(heard: (events: ArrivalEvent[]) => void): LiveState {
  const [state, setState] = useState<LiveState>({ kind: 'connecting' });
  const current = useRef(heard);
  useEffect(() => {
    current.current = heard;
  });
  useEffect(() => {
    const stop = new AbortController();
    let waiting: ArrivalEvent[] = [];
    let frame: number | undefined;
    const flush = () => {
      frame = undefined;
      const events = waiting;
      waiting = [];
      current.current(events);
    };
    const listen = async () => {
      for (let wait = FIRST_RETRY_MS; !stop.signal.aborted; wait = Math.min(LONGEST_RETRY_MS, wait * 2)) {
        try {
          for await (const event of liveArrivals(stop.signal)) {
            setState((old) => (old.kind === 'live' ? old : { kind: 'live' }));
            wait = FIRST_RETRY_MS;
            waiting.push(event);
            frame ??= requestAnimationFrame(flush);
          }
        } catch {
          // Shown as a state below: the stream is tried again.
        }
        if (stop.signal.aborted) return;
        setState({ kind: 'broken', retryAt: Date.now() + wait });
        await pause(wait, stop.signal);
      }
    };
    void listen();
    return () => {
      stop.abort();
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, []);
  return state;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
