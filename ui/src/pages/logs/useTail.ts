import { useEffect, useState } from 'react';
import { type LinesAsk, tailLines } from '@/api/logs.ts';
import type { LogTailEvent } from '@/api/types.ts';
import { follow, SILENT } from './model.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** Listens to the lines of an ask while the page is open, and again after a break: 1 s, 2 s … 30 s later. */
export function useTail({ env, group, stream, filter }: LinesAsk) {
  const [tail, setTail] = useState(SILENT);
  const [state, setState] = useState<'connecting' | 'live' | 'broken'>('connecting');
  const [rate, setRate] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let waiting: LogTailEvent[] = [];
    let frame: number | undefined;
    let heard = 0;
    const flush = () => {
      frame = undefined;
      const events = waiting;
      waiting = [];
      setTail((old) => follow(old, events));
    };
    const listen = async () => {
      for (let wait = FIRST_RETRY_MS; !stop.signal.aborted; wait = Math.min(LONGEST_RETRY_MS, wait * 2)) {
        try {
          for await (const event of tailLines(env, { group, stream, filter }, stop.signal)) {
            setState('live');
            wait = FIRST_RETRY_MS;
            if (event.type === 'lines') heard += event.lines.length;
            waiting.push(event);
            // A thousand lines a second paint once a frame.
            frame ??= requestAnimationFrame(flush);
          }
        } catch {
          // Shown as a state below: the stream is tried again.
        }
        if (stop.signal.aborted) return;
        setState('broken');
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    };
    const timer = setInterval(() => {
      setRate(heard);
      heard = 0;
    }, 1000);
    void listen();
    return () => {
      stop.abort();
      clearInterval(timer);
      if (frame !== undefined) cancelAnimationFrame(frame);
    };
  }, [env, group, stream, filter]);
  return { tail, rate, state };
}
