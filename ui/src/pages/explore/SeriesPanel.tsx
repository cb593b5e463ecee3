import { useMemo, useState } from 'react';
import type { Answer } from '@/api/types.ts';
import { dateTime } from '@/lib/time.ts';
import type { TimeGrid } from '@/viz/heat.ts';
import { LineChart } from '@/viz/LineChart.tsx';
import { linesOf, sayerOf, timesOf } from './model.ts';
import styles from './SeriesPanel.module.css';

interface Props {
  answer: Answer;
  grid: TimeGrid;
  at: number;
  /** The first graph of the page is tall and has the times below. */
  tall: boolean;
  axis: boolean;
  zoom: (startMs: number, endMs: number) => void;
  pick: (bucket: number, group: number) => void;
}

const STEPS: readonly [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
  [1, 'ms'],
];

/** One calculation over time. */
export function SeriesPanel({ answer, grid, at, tall, axis, zoom, pick }: Props) {
  const [log, setLog] = useState(false);
  const [table, setTable] = useState(false);
  const calculation = answer.calculations[at];
  const lines = useMemo(() => linesOf(answer, at), [answer, at]);
  const times = useMemo(() => timesOf(grid), [grid]);
  const say = useMemo(() => (calculation ? sayerOf(calculation) : String), [calculation]);
  if (!calculation) return null;
  const bars = calculation.op === 'COUNT' && answer.breakdowns.length === 0;
  const step = STEPS.find(([ms]) => grid.stepMs >= ms && grid.stepMs % ms === 0);
  const width = step
    ? `${grid.stepMs === step[0] ? '' : `${grid.stepMs / step[0]} `}${step[1]}`
    : `${grid.stepMs} ms`;
  return (
    <section className={styles.panel} aria-label={calculation.label}>
      <div className={styles.caption}>
        <span className={`mono strong ${styles.name}`}>{calculation.label}</span>
        <span className="muted cut">
          {answer.breakdowns.length > 0 ? `by ${answer.breakdowns.join(', ')}` : `per ${width}`}
        </span>
        <span className="grow" />
        <label className="opt hide-s">
          <input type="checkbox" checked={log} onChange={(event) => setLog(event.target.checked)} />
          Log scale
        </label>
        <button
          type="button"
          className={`btn sm ghost hide-s${table ? ' on' : ''}`}
          aria-pressed={table}
          onClick={() => setTable(!table)}
        >
          View as table
        </button>
      </div>
      {table ? (
        <div className={styles.table}>
          <table>
            <thead>
              <tr>
                <th>time (UTC)</th>
                {lines.map((line) => (
                  <th key={line.label} className="num">
                    {line.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, i) => (
                <tr key={time}>
                  <td>{dateTime(time)}</td>
                  {lines.map((line) => {
                    const value = line.values[i] ?? null;
                    return (
                      <td key={line.label} className="num">
                        {value === null ? '–' : say(value)}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <LineChart
          times={times}
          stepMs={grid.stepMs}
          startMs={grid.startMs}
          endMs={grid.endMs}
          lines={lines}
          height={tall ? 264 : axis ? 116 : 92}
          kind={bars ? 'bars' : 'line'}
          log={log}
          axis={axis}
          say={say}
          onZoom={zoom}
          onPick={pick}
          summary={`${calculation.label} over time, ${lines.length} lines`}
        />
      )}
    </section>
  );
}
