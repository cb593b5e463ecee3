import { useMemo, useState } from 'react';
import type { LogQueryAnswer } from '@/api/types.ts';
import { plural, short } from '@/lib/format.ts';
import { LineChart } from '@/viz/LineChart.tsx';
import styles from './insights.module.css';
import { courseOf } from './model.ts';

const HEIGHT = 132;
/** Names that fit beside the caption; the tip under the pointer has the others. */
const NAMED = 6;

interface Props {
  answer: LogQueryAnswer;
  /** The question that it answers. */
  query: string;
  startMs: number;
  endMs: number;
  zoom: (fromMs: number, toMs: number) => void;
}

/** The answer over time; a drag zooms. Bars of several groups would hide each other, so those are lines. */
export function Course({ answer, query, startMs, endMs, zoom }: Props) {
  const { label, times, stepMs, lines } = useMemo(() => courseOf(answer, query), [answer, query]);
  const [kind, setKind] = useState<'bars' | 'line'>('bars');
  const single = lines.length <= 1;
  return (
    <section className={styles.course} aria-label="Over time">
      <div className={styles.caption}>
        <span className="mono strong">{label}</span>
        {lines.length > 1
          ? lines.slice(0, NAMED).map((line) => (
              <span key={line.label} className={`row ${styles.name}`} title={line.label}>
                <span className="sw" style={{ background: `var(--${line.colour})` }} />
                <span className="cut">{line.label}</span>
              </span>
            ))
          : null}
        {lines.length > NAMED ? <span className="muted">and {lines.length - NAMED} more</span> : null}
        <span className="grow" />
        {single ? (
          <span className="seg sm" role="group" aria-label="Drawn as">
            <button type="button" aria-pressed={kind === 'bars'} onClick={() => setKind('bars')}>
              Bar
            </button>
            <button type="button" aria-pressed={kind === 'line'} onClick={() => setKind('line')}>
              Line
            </button>
          </span>
        ) : null}
      </div>
      <LineChart
        times={times}
        stepMs={stepMs}
        startMs={startMs}
        endMs={endMs}
        lines={lines}
        height={HEIGHT}
        kind={single ? kind : 'line'}
        axis
        say={short}
        onZoom={zoom}
        onPick={() => undefined}
        summary={`${label} over time, ${plural(lines.length, 'line')}`}
      />
    </section>
  );
}
