import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { token, useTheme } from '@/lib/theme.ts';
import { clock } from '@/lib/time.ts';
import { useSize } from '@/lib/useSize.ts';
import styles from './LineChart.module.css';
import { linearTicks, logTicks, timeTicks } from './scale.ts';
import { tickLabel } from './timeAxis.ts';

export interface ChartLine {
  label: string;
  /** Token of its colour, without dashes. */
  colour: string;
  /** 0 solid, then dash patterns, for lines that share a colour. */
  round: number;
  values: (number | null)[];
}

interface Props {
  /** Bucket starts, milliseconds. */
  times: number[];
  stepMs: number;
  startMs: number;
  endMs: number;
  lines: ChartLine[];
  height: number;
  kind: 'line' | 'bars';
  log?: boolean;
  /** Whether times stand below. */
  axis: boolean;
  say: (value: number) => string;
  onZoom: (startMs: number, endMs: number) => void;
  /** A click on a bucket, with the line nearest to the pointer. */
  onPick: (bucket: number, line: number) => void;
  summary: string;
}

/** More would be unreadable and slow to hover. */
const LINES_DRAWN = 200;
const TIP_LINES = 10;
const HALF_LABEL_PX = 20;
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3]];

/** Lines or bars over time, with a cursor shared by all charts of the page; a drag zooms. */
export function LineChart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { width } = useSize(place);
  const theme = useTheme();
  const [pointed, setPointed] = useState<{ bucket: number; left: number; line: number; own: boolean }>();
  const { times, lines, height, kind, axis, log = false, say, startMs, endMs } = props;
  const handlers = useRef(props);
  useEffect(() => {
    handlers.current = props;
  });
  const drawn = useMemo(() => lines.slice(0, LINES_DRAWN), [lines]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page
  useEffect(() => {
    const element = place.current;
    if (!element || width === 0) return;
    const shown = (value: number | null) => (log && value !== null && value <= 0 ? null : value);
    const data: uPlot.AlignedData = [
      times.map((t) => t / 1000),
      ...drawn.map((line) => line.values.map(shown)),
    ];
    const bars = uPlot.paths.bars?.({ size: [1, 64], align: 1, gap: 1 });
    const chart = new uPlot(
      {
        width,
        height,
        padding: [8, 0, axis ? 0 : 4, 0],
        legend: { show: false },
        cursor: {
          y: false,
          points: {
            size: 9,
            width: 2,
            stroke: () => token('bg'),
            fill: (_, i) => token(drawn[i - 1]?.colour ?? 'h5'),
          },
          focus: { prox: 1e6 },
          drag: { x: true, y: false, setScale: false },
          // Only the cursor is shared: a drag belongs to its chart.
          sync: {
            key: 'time',
            setSeries: false,
            filters: { pub: (type) => /^mouse(move|leave|enter)$/.test(type) },
          },
        },
        focus: { alpha: 1 },
        scales: {
          x: { time: false, range: () => [startMs / 1000, endMs / 1000] },
          y: {
            distr: log ? 3 : 1,
            range: (_, lo, hi) => {
              if (lo === null || hi === null) return log ? [1, 10] : [0, 1];
              if (log) return [lo / 1.2, hi * 1.2];
              const bottom = Math.min(0, lo);
              return [bottom, hi > bottom ? hi * 1.06 : bottom + 1];
            },
          },
        },
        axes: [
          {
            size: axis ? 24 : 2,
            stroke: () => token('muted'),
            font: `11px ${token('font')}`,
            grid: { show: false },
            ticks: { show: axis, size: 4, stroke: () => token('line-2'), width: 1 },
            border: { show: true, stroke: () => token('line-2'), width: 1 },
            gap: 2,
            splits: (_, __, lo, hi) =>
              axis
                ? timeTicks(lo * 1000, hi * 1000, Math.max(2, Math.floor(width / 100))).ticks.map(
                    (t) => t / 1000,
                  )
                : [],
            values: (_, splits) => {
              const step = splits.length > 1 ? ((splits[1] ?? 0) - (splits[0] ?? 0)) * 1000 : 60_000;
              // A label is centred on its tick: too near to the end it would be cut, and read as another time.
              const last = endMs - ((endMs - startMs) / width) * HALF_LABEL_PX;
              return splits.map((t, i) =>
                t * 1000 > last
                  ? ''
                  : tickLabel(Math.round(t * 1000), step) + (i === 0 && width >= 600 ? ' UTC' : ''),
              );
            },
          },
          {
            size: 56,
            stroke: () => token('muted'),
            font: `11px ${token('font')}`,
            grid: { stroke: () => token('line'), width: 1 },
            ticks: { show: false },
            border: { show: false },
            gap: 8,
            splits: (_, __, lo, hi) => {
              const most = Math.max(2, Math.floor(height / 64));
              return log ? logTicks(lo, hi, most) : linearTicks(lo, hi, most);
            },
            values: (_, splits) => splits.map(say),
          },
        ],
        series: [
          {},
          ...drawn.map((line) => ({
            label: line.label,
            stroke: () => token(line.colour),
            width: 1.5,
            dash: DASHES[line.round % DASHES.length] ?? [],
            points: { show: false },
            spanGaps: false,
            ...(kind === 'bars' && bars ? { paths: bars, fill: () => token(line.colour), width: 0 } : {}),
          })),
        ],
        hooks: {
          setCursor: [
            (u) => {
              const bucket = u.cursor.idx;
              if (bucket === null || bucket === undefined || (u.cursor.left ?? -1) < 0)
                return setPointed(undefined);
              const own = u.over.matches(':hover');
              setPointed({
                bucket,
                left: u.valToPos(times[bucket] ? times[bucket] / 1000 : 0, 'x'),
                line: nearest(u, bucket),
                own,
              });
            },
          ],
          setSelect: [
            (u) => {
              if (u.select.width < 4) return;
              const from = u.posToVal(u.select.left, 'x') * 1000;
              const to = u.posToVal(u.select.left + u.select.width, 'x') * 1000;
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              handlers.current.onZoom(from, to);
            },
          ],
        },
      },
      data,
      element,
    );
    let down = 0;
    const press = (event: MouseEvent) => {
      down = event.clientX;
    };
    const click = (event: MouseEvent) => {
      const bucket = chart.cursor.idx;
      if (Math.abs(event.clientX - down) >= 4 || bucket === null || bucket === undefined) return;
      handlers.current.onPick(bucket, nearest(chart, bucket));
    };
    chart.over.addEventListener('mousedown', press);
    chart.over.addEventListener('click', click);
    return () => chart.destroy();
  }, [times, drawn, width, height, kind, axis, log, say, startMs, endMs, theme]);

  const tip = pointed && lines.length > 0 ? tipLines(lines, pointed.bucket, pointed.line) : [];
  const start = pointed ? (times[pointed.bucket] ?? 0) : 0;
  return (
    <div className={styles.chart} role="img" aria-label={props.summary}>
      <div ref={place} />
      {pointed?.own && tip.length > 0 ? (
        <div
          className={`popup ${styles.tip}`}
          style={{ left: pointed.left + 56 + (pointed.left + 56 + 320 > width ? -304 : 16) }}
        >
          <div className="muted">
            {clock(start)} – {clock(start + props.stepMs)} UTC
          </div>
          {tip.map(({ line, value, on }) => (
            <div key={line.label} className={`${styles.line} ${on ? styles.on : ''}`}>
              <span className="sw" style={{ background: `var(--${line.colour})` }} />
              <span className="cut">{line.label}</span>
              <span>{value === null ? '–' : say(value)}</span>
            </div>
          ))}
          {lines.length > tip.length ? (
            <div className="muted">and {lines.length - tip.length} more</div>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

/** The line whose point in `bucket` lies nearest to the pointer. */
function nearest(u: uPlot, bucket: number): number {
  const top = u.cursor.top ?? 0;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 1; i < u.data.length; i++) {
    const value = u.data[i]?.[bucket];
    if (value === null || value === undefined) continue;
    const distance = Math.abs(u.valToPos(value, 'y') - top);
    if (distance < least) {
      least = distance;
      best = i - 1;
    }
  }
  return best;
}

function tipLines(lines: readonly ChartLine[], bucket: number, nearestLine: number) {
  const all = lines.map((line, i) => ({ line, value: line.values[bucket] ?? null, on: i === nearestLine }));
  all.sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY));
  const top = all.slice(0, TIP_LINES);
  const on = all.find((one) => one.on);
  if (on && !top.includes(on)) top[top.length - 1] = on;
  return top;
}
