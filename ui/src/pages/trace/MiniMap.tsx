import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { token, useTheme } from '@/lib/theme.ts';
import { moveWindow, percent, type TimeWindow, ticks, windowBetween, windowByKey } from './axis.ts';
import { at, word } from './columns.ts';
import { length } from './describe.ts';
import styles from './minimap.module.css';
import { MiniColour, miniMap, PALE } from './minimap.ts';
import type { TraceView } from './useTraceView.ts';

const HEIGHT_PX = 55;
const LANE_PX = 2.2;
const LANES = 23;
/** A press that moves less than this is a click. */
const CLICK_PX = 3;

interface Props {
  view: TraceView;
  setWindow: (window: TimeWindow) => void;
}

type Drag = { kind: 'new' | 'move' | 'from' | 'to'; x: number; window: TimeWindow };

/** The whole trace in a strip. Dragging draws a window of time; its edges also move by keys; a click zooms in. */
export function MiniMap({ view, setWindow }: Props) {
  const { window, whole, layout } = view;
  const strip = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | undefined>(undefined);
  const full = whole.to - whole.from;

  const timeAt = (clientX: number): number => {
    const box = strip.current?.getBoundingClientRect();
    if (!box || box.width === 0) return whole.from;
    return whole.from + Math.min(1, Math.max(0, (clientX - box.left) / box.width)) * full;
  };
  const start = (kind: Drag['kind']) => (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    strip.current?.setPointerCapture(event.pointerId);
    drag.current = { kind, x: event.clientX, window };
  };
  const move = (event: PointerEvent) => {
    const now = drag.current;
    if (!now || Math.abs(event.clientX - now.x) < CLICK_PX) return;
    const from = timeAt(now.x);
    const to = timeAt(event.clientX);
    if (now.kind === 'new') setWindow(windowBetween(from, to, whole));
    else if (now.kind === 'move') setWindow(moveWindow(now.window, whole, to - from));
    else if (now.kind === 'from')
      setWindow(windowBetween(Math.min(to, now.window.to - 1), now.window.to, whole));
    else setWindow(windowBetween(now.window.from, Math.max(to, now.window.from + 1), whole));
  };
  const stop = (event: PointerEvent) => {
    const now = drag.current;
    drag.current = undefined;
    if (!now || Math.abs(event.clientX - now.x) >= CLICK_PX || now.kind === 'from' || now.kind === 'to')
      return;
    const middle = timeAt(event.clientX);
    const span = (window.to - window.from) / 2;
    setWindow(moveWindow({ from: middle - span / 2, to: middle + span / 2 }, whole, 0));
  };
  const keys = (edge: 'from' | 'to') => (event: KeyboardEvent) => {
    const next = windowByKey(event.key, event.shiftKey, edge, window, whole);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    setWindow(next);
  };

  const left = percent(whole, window.from);
  const width = percent(whole, window.to) - left;
  const handle = (edge: 'from' | 'to') => (
    <div
      className={styles.handle}
      style={{ left: `${edge === 'from' ? left : left + width}%` }}
      role="slider"
      tabIndex={0}
      aria-label={edge === 'from' ? 'Start of the time shown' : 'End of the time shown'}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={Math.round(full)}
      aria-valuenow={Math.round(window[edge] - whole.from)}
      aria-valuetext={length(window[edge] - whole.from)}
      onPointerDown={start(edge)}
      onKeyDown={keys(edge)}
    />
  );
  return (
    <div className={styles.mini}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its two sliders are the way by keys */}
      <div
        className={styles.strip}
        ref={strip}
        onPointerDown={start('new')}
        onPointerMove={move}
        onPointerUp={stop}
        onPointerCancel={stop}
        onDoubleClick={() => setWindow(whole)}
      >
        <Overview view={view} label={`Overview of the whole trace, ${layout.count} rows, ${length(full)}`} />
        <div className={styles.shade} style={{ left: 0, width: `${left}%` }} />
        <div className={styles.shade} style={{ left: `${left + width}%`, right: 0 }} />
        <div
          className={styles.window}
          style={{ left: `${left}%`, width: `${width}%` }}
          onPointerDown={width < 99.9 ? start('move') : undefined}
        />
        {handle('from')}
        {handle('to')}
      </div>
    </div>
  );
}

/** All rows, drawn once a change of the trace, the width or the theme. */
function Overview({ view, label }: { view: TraceView; label: string }) {
  const { data, layout, services, whole } = view;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const theme = useTheme();
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    setWidth(element.clientWidth);
    return () => watch.disconnect();
  }, []);
  const runs = useMemo(
    () =>
      miniMap(layout, width, LANES, (position) => {
        const row = at(layout.row, position);
        return row < 0
          ? MiniColour.plain
          : (services.get(word(data, at(data.service, row)))?.colour ?? MiniColour.plain);
      }),
    [data, layout, services, width],
  );
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || width === 0) return;
    const ratio = devicePixelRatio || 1;
    element.width = Math.round(width * ratio);
    element.height = Math.round(HEIGHT_PX * ratio);
    context.scale(ratio, ratio);
    context.fillStyle = token('line');
    for (const mark of ticks(whole, layout.zero, 5)) {
      context.fillRect(Math.round((percent(whole, mark) / 100) * width), 0, 1, HEIGHT_PX);
    }
    const paint = new Map<number, string>([
      [MiniColour.error, token('danger')],
      [MiniColour.plain, token('border')],
    ]);
    for (let colour = 1; colour <= 8; colour += 1) paint.set(colour, token(`c${colour}`));
    // `theme` is read through the tokens; naming it here redraws when it changes.
    element.dataset.theme = theme;
    for (const run of runs) {
      const pale = run.colour > PALE;
      context.globalAlpha = pale ? 0.45 : 1;
      context.fillStyle = paint.get(pale ? run.colour - PALE : run.colour) ?? token('border');
      context.fillRect(run.x, Math.round(3 + run.lane * LANE_PX), Math.max(2, run.width), 2);
    }
  }, [runs, width, whole, layout.zero, theme]);
  return <canvas ref={canvas} className={styles.canvas} role="img" aria-label={label} />;
}
