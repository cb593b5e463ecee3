import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, Pause, Play } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { LinesAsk } from '@/api/logs.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, plural } from '@/lib/format.ts';
import { useKeys } from '@/lib/keys.ts';
import { clock } from '@/lib/time.ts';
import { LineRow } from './LineRow.tsx';
import styles from './logs.module.css';
import type { Change } from './Page.tsx';
import { useTail } from './useTail.ts';

interface Props {
  ask: LinesAsk;
  wrap: boolean;
  mark: string;
  change: Change;
}

/** What comes now. Sticks to the end only while one is there: scrolling up freezes, nothing jumps. */
export function TailView({ ask, wrap, mark, change }: Props) {
  const { tail, rate, state } = useTail(ask);
  const place = useRef<HTMLDivElement>(null);
  const [frozen, setFrozen] = useState<{ at: number; ms: number; lines: typeof tail.lines }>();
  const lines = frozen?.lines ?? tail.lines;
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => 24,
    overscan: 20,
    getItemKey: (i) => lines[i]?.n ?? i,
  });
  useEffect(() => {
    if (!frozen && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: 'end' });
  }, [frozen, lines, virtual]);
  const freeze = () => setFrozen((old) => old ?? { at: tail.heard, ms: Date.now(), lines: tail.lines });
  const toggle = () => (frozen ? setFrozen(undefined) : freeze());
  useKeys({
    ' ': (event) => {
      if (event.target instanceof Element && event.target.closest('button, a, summary')) return false;
      toggle();
      return true;
    },
  });
  const fresh = frozen ? tail.heard - frozen.at : 0;
  return (
    <>
      <div
        ref={place}
        className={styles.lines}
        role="grid"
        aria-label="Lines as they come"
        tabIndex={0}
        onWheel={(event) => event.deltaY < 0 && freeze()}
        onKeyDown={(event) => ['ArrowUp', 'PageUp', 'Home'].includes(event.key) && freeze()}
      >
        {lines.length === 0 ? (
          <p className={`muted ${styles.more}`}>
            {state === 'broken' ? 'Not connected to the server, trying again…' : 'Waiting for the next line…'}
          </p>
        ) : null}
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return line ? (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                role="presentation"
                style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
              >
                <LineRow env={ask.env} tsNs={line.tsNs} message={line.message} mark={mark} wrap={wrap} />
              </div>
            ) : null;
          })}
        </div>
      </div>
      <div className={styles.tail}>
        {fresh > 0 ? (
          <button type="button" className={`btn ${styles.newer}`} onClick={() => setFrozen(undefined)}>
            <Icon of={ChevronDown} small />
            {count(fresh)} new below
          </button>
        ) : null}
        <button type="button" className="btn sm" onClick={toggle}>
          <Icon of={frozen ? Play : Pause} small />
          {frozen ? 'Resume' : 'Pause'}
          <kbd>Space</kbd>
        </button>
        {frozen ? (
          <span className="t-warn strong">Frozen at {clock(frozen.ms)}</span>
        ) : (
          <span className={state === 'broken' ? 't-warn' : 't-ok'}>
            {state === 'live' ? 'live' : state === 'broken' ? 'not connected' : 'connecting'}
          </span>
        )}
        <span className="grow" />
        <input
          className="input sm"
          placeholder="Highlight"
          aria-label="Highlight a word"
          value={mark}
          onChange={(event) => change({ mark: event.target.value || undefined }, false)}
        />
        <span className="muted" aria-live="polite">
          {rate} lines/s
          {tail.leftOut > 0 ? ` · ${plural(tail.leftOut, 'line')} left out above 1,000/s` : ' · all shown'}
        </span>
      </div>
    </>
  );
}
