import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type PointerEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { countsQuery, type LinesAsk } from '@/api/logs.ts';
import { Failure } from '@/design/Failure.tsx';
import { count } from '@/lib/format.ts';
import { token, useTheme } from '@/lib/theme.ts';
import { nanos, toMs } from '@/lib/time.ts';
import { useSize } from '@/lib/useSize.ts';
import { renderRange } from '@/query/range.ts';
import { prepare } from '@/viz/canvas.ts';
import { timeTicks } from '@/viz/scale.ts';
import { tickLabel } from '@/viz/timeAxis.ts';
import styles from './logs.module.css';
import { intervalsOf, LEVELS, sumOf } from './model.ts';

const INTERVALS = 120;
const HEIGHT = 72;
/** Half of a label's width: nearer to an edge it would be cut. */
const TICK_PX = 40;

/** Lines over time by level; a drag, or Shift and arrows then Enter, zooms. */
export function Histogram({ ask, zoom }: { ask: LinesAsk; zoom: (t: string) => void }) {
  const counts = useQuery({ ...countsQuery(ask, INTERVALS), placeholderData: (old) => old });
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(place);
  const theme = useTheme();
  const intervals = useMemo(() => (counts.data ? intervalsOf(counts.data) : []), [counts.data]);
  const sum = useMemo(() => sumOf(intervals), [intervals]);
  const [box, setBox] = useState<{ from: number; to: number }>();
  const [dragging, setDragging] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page
  useLayoutEffect(() => {
    const context = canvas.current && width > 0 ? prepare(canvas.current, width, HEIGHT) : undefined;
    if (!context) return;
    const peak = Math.max(1, ...intervals.map((one) => one.total));
    const step = width / Math.max(1, intervals.length);
    for (const [i, one] of intervals.entries()) {
      let y = HEIGHT;
      for (const { level, colour } of [...LEVELS].reverse()) {
        const n = one.byLevel[level];
        if (n === 0) continue;
        // What is there is seen, however little.
        const height = Math.max(1, (n / peak) * (HEIGHT - 4));
        y -= height;
        context.fillStyle = token(colour);
        context.fillRect(i * step, y, Math.max(1, step - 1), height);
      }
    }
  }, [intervals, width, theme]);

  const [start, end] = [BigInt(ask.startNs), BigInt(ask.endNs)];
  const at = (interval: number) => start + ((end - start) * BigInt(interval)) / BigInt(INTERVALS);
  const take = (from: number, to: number) =>
    zoom(
      renderRange({ kind: 'between', startNs: at(Math.min(from, to)), endNs: at(Math.max(from, to) + 1) }),
    );
  const under = (event: PointerEvent) => {
    const left = place.current?.getBoundingClientRect().left ?? 0;
    return Math.max(
      0,
      Math.min(INTERVALS - 1, Math.floor(((event.clientX - left) / Math.max(1, width)) * INTERVALS)),
    );
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const to = Math.max(0, Math.min(INTERVALS - 1, (box?.to ?? INTERVALS / 2) + step));
      setBox({ from: event.shiftKey && box ? box.from : to, to });
    } else if (event.key === 'Enter' && box) {
      event.preventDefault();
      take(box.from, box.to);
      setBox(undefined);
    } else if (event.key === 'Escape' && box) {
      event.preventDefault();
      setBox(undefined);
    }
  };
  if (counts.isError) return <Failure error={counts.error} title="The lines could not be counted" />;
  const shown = box && { from: Math.min(box.from, box.to), to: Math.max(box.from, box.to) };
  const [startMs, endMs] = [toMs(nanos(start)), toMs(nanos(end))];
  const inset = ((endMs - startMs) / Math.max(1, width)) * TICK_PX;
  const { ticks, stepMs } = timeTicks(startMs + inset, endMs - inset, Math.max(2, width / 120));
  const seconds = Number((end - start) / BigInt(INTERVALS)) / 1e9;
  return (
    <div className={styles.chart}>
      <div className={styles.legend}>
        {LEVELS.filter(({ level }) => sum[level] > 0).map(({ level, name, colour }) => (
          <span key={level} className="row">
            <span className="sw" style={{ background: `var(--${colour})` }} />
            {name} {count(sum[level])}
          </span>
        ))}
        {counts.data ? (
          <span className="right">
            {count(counts.data.matched)} of {count(counts.data.examined)} lines, bars of{' '}
            {seconds >= 1 ? `${Math.round(seconds)} s` : `${Math.round(seconds * 1000)} ms`}; drag to zoom
          </span>
        ) : (
          <span className="right">counting…</span>
        )}
      </div>
      <div
        ref={place}
        className={styles.bars}
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a chart whose box is moved by keys
        tabIndex={0}
        aria-label={`${count(counts.data?.matched ?? 0)} lines over time, ${count(sum.error)} of them errors. Arrows move a box, Shift and arrows grow it, Enter zooms.`}
        onKeyDown={onKey}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDragging(true);
          setBox({ from: under(event), to: under(event) });
        }}
        onPointerMove={(event) => dragging && setBox((old) => old && { ...old, to: under(event) })}
        onPointerUp={() => {
          setDragging(false);
          if (box && box.from !== box.to) take(box.from, box.to);
          setBox(undefined);
        }}
      >
        <canvas ref={canvas} style={{ width, height: HEIGHT }} />
        {shown ? (
          <div
            className={styles.brush}
            style={{
              left: `${(shown.from / INTERVALS) * 100}%`,
              width: `${((shown.to - shown.from + 1) / INTERVALS) * 100}%`,
            }}
          />
        ) : null}
      </div>
      <div className={styles.axis} aria-hidden="true">
        {ticks.map((ms, i) => (
          <span key={ms} style={{ left: `${((ms - startMs) / (endMs - startMs)) * 100}%` }}>
            {tickLabel(ms, stepMs)}
            {i === 0 ? ' UTC' : ''}
          </span>
        ))}
      </div>
    </div>
  );
}
