import { useMemo } from 'react';
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

/** The answer over time; a drag zooms. */
export function Course({ answer, query, startMs, endMs, zoom }: Props) {
  const { label, times, stepMs, lines } = useMemo(() => courseOf(answer, query), [answer, query]);
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
      </div>
      <LineChart
        times={times}
        stepMs={stepMs}
        startMs={startMs}
        endMs={endMs}
        lines={lines}
        height={HEIGHT}
        kind={lines.length > 1 ? 'line' : 'bars'}
        axis
        say={short}
        onZoom={zoom}
        onPick={() => undefined}
        summary={`${label} over time, ${plural(lines.length, 'line')}`}
      />
    </section>
  );
}
