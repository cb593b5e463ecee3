import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { Heatmap as HeatmapData } from '@/api/types.ts';
import { count } from '@/lib/format.ts';
import { useTheme } from '@/lib/theme.ts';
import { clock } from '@/lib/time.ts';
import { useSize } from '@/lib/useSize.ts';
import { prepare } from './canvas.ts';
import { drawAxes, drawCells, frameOf } from './drawHeat.ts';
import styles from './Heatmap.module.css';
import {
  type Box,
  binAt,
  boxOf,
  type CellAt,
  countAt,
  moved,
  peakCell,
  snap,
  type TimeGrid,
  valueScale,
} from './heat.ts';
import { type Scale, toPixel, toValue } from './scale.ts';

interface Props {
  map: HeatmapData;
  grid: TimeGrid;
  /** What is measured, for labels. */
  name: string;
  scale: 'linear' | 'log';
  say: (value: number) => string;
  /** Cells of a subset, drawn in the selection's colour. */
  lit?: HeatmapData | undefined;
  box: Box | undefined;
  onBox: (box: Box | undefined) => void;
  /** A click or Enter on one cell, without a box. */
  onCell: (box: Box) => void;
  /** Enter while there is a box. */
  onEnter: () => void;
  /** Stands beside the box. */
  card?: ReactNode;
  /** One sentence for those who do not see it. */
  summary: string;
}

const CARD = 264;
/** Less than this is a click, not a drag. */
const DRAG = 4;

/** Time × value × count, with a box that is drawn by drag or by keys. */
export function Heatmap(props: Props) {
  const { map, grid, scale, say, lit, box, name } = props;
  const place = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(place);
  const theme = useTheme();
  const frame = useMemo(() => frameOf(width, height), [width, height]);
  const x: Scale = useMemo(
    () => ({ kind: 'linear', lo: grid.startMs, hi: grid.endMs, from: frame.left, to: frame.right }),
    [grid, frame],
  );
  const y = useMemo(() => valueScale(map, scale, frame.bottom, frame.top), [map, scale, frame]);
  const [drag, setDrag] = useState<{ x0: number; y0: number; x1: number; y1: number }>();
  const [hover, setHover] = useState<CellAt>();
  const [cursor, setCursor] = useState<{ at: CellAt; anchor: CellAt }>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page
  useLayoutEffect(() => {
    if (!canvas.current || width === 0) return;
    const context = prepare(canvas.current, width, height);
    if (!context) return;
    drawCells(context, map, grid, x, y, lit);
    drawAxes(context, frame, x, y, say);
  }, [map, grid, lit, x, y, frame, width, height, theme, say]);

  const local = (event: PointerEvent) => {
    const at = place.current?.getBoundingClientRect();
    return {
      px: Math.min(frame.right, Math.max(frame.left, event.clientX - (at?.left ?? 0))),
      py: Math.min(frame.bottom, Math.max(frame.top, event.clientY - (at?.top ?? 0))),
    };
  };
  const cellAt = (px: number, py: number): CellAt => ({
    bucket: Math.min(
      grid.buckets - 1,
      Math.max(0, Math.floor((toValue(x, px) - grid.firstMs) / grid.stepMs)),
    ),
    bin: binAt(map.min, toValue(y, py)),
  });
  const boxFrom = (d: { x0: number; y0: number; x1: number; y1: number }): Box => ({
    startMs: toValue(x, Math.min(d.x0, d.x1)),
    endMs: toValue(x, Math.max(d.x0, d.x1)),
    min: toValue(y, Math.max(d.y0, d.y1)),
    max: toValue(y, Math.min(d.y0, d.y1)),
  });

  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0 || map.cells.length === 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const { px, py } = local(event);
    setHover(undefined);
    setDrag({ x0: px, y0: py, x1: px, y1: py });
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const { px, py } = local(event);
    if (drag) setDrag({ ...drag, x1: px, y1: py });
    else setHover(map.cells.length > 0 ? cellAt(px, py) : undefined);
  };
  const onPointerUp = (event: PointerEvent<HTMLDivElement>) => {
    if (!drag) return;
    const { px, py } = local(event);
    setDrag(undefined);
    const done = { ...drag, x1: px, y1: py };
    if (Math.hypot(done.x1 - done.x0, done.y1 - done.y0) < DRAG) {
      const cell = cellAt(px, py);
      if (countAt(map, cell) > 0) props.onCell(boxOf(cell, cell, map, grid));
    } else {
      props.onBox(snap(map, grid, boxFrom(done)));
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.key === 'Enter') {
      event.preventDefault();
      if (box) props.onEnter();
      else if (cursor) props.onBox(boxOf(cursor.anchor, cursor.at, map, grid));
      return;
    }
    if (event.key === 'Escape' && (drag || box)) {
      event.preventDefault();
      setDrag(undefined);
      props.onBox(undefined);
      return;
    }
    const start = cursor?.at ?? peakCell(map);
    const at = cursor
      ? moved(start, event.key, grid, map.min.length)
      : moved(start, event.key, grid, map.min.length) && start;
    if (!at) return;
    event.preventDefault();
    const anchor = event.shiftKey ? (cursor?.anchor ?? start) : at;
    setCursor({ at, anchor });
    if (event.shiftKey) props.onBox(boxOf(anchor, at, map, grid));
  };

  const live = drag && Math.hypot(drag.x1 - drag.x0, drag.y1 - drag.y0) >= DRAG ? boxFrom(drag) : box;
  const outline = live ? outlineOf(live, x, y) : undefined;
  const pointed = cursor?.at ?? (drag ? undefined : hover);
  const pointedBox = pointed && map.min.length > 0 ? boxOf(pointed, pointed, map, grid) : undefined;
  const mark = pointedBox ? outlineOf(pointedBox, x, y) : undefined;
  const words =
    pointed && pointedBox
      ? {
          time: `${clock(pointedBox.startMs)} – ${clock(pointedBox.endMs)}`,
          value: `${say(pointedBox.min)} – ${say(pointedBox.max)}`,
          count: count(countAt(map, pointed)),
        }
      : undefined;
  const cardLeft = outline
    ? outline.left + outline.width + 12 + CARD < width
      ? outline.left + outline.width + 12
      : Math.max(frame.left + 4, outline.left - CARD)
    : 0;

  const narrow = width < 600;
  // The tip would lie over the card, or the card over it.
  const hidden = outline && props.card && mark && mark.left > cardLeft - 220 && mark.left < cardLeft + CARD;
  return (
    <>
      <div className={styles.heat} ref={place}>
        <canvas className={styles.canvas} ref={canvas} role="img" aria-label={props.summary} />
        <div
          className={styles.plane}
          role="application"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it answers keys, as its label says
          tabIndex={0}
          aria-label={`Heatmap of ${name}. Arrows move a cell cursor, Shift with arrows selects a box, Enter asks BubbleUp, Escape clears.`}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerCancel={() => setDrag(undefined)}
          onPointerLeave={() => setHover(undefined)}
          onKeyDown={onKeyDown}
          onBlur={() => setCursor(undefined)}
        />
        {mark ? <div className={cursor ? styles.cursor : styles.hover} style={mark} /> : null}
        {outline ? (
          <div className={styles.box} style={outline}>
            <i />
            <i />
            <i />
            <i />
          </div>
        ) : null}
        {words && mark && !drag && !hidden ? (
          <div
            className={`popup ${styles.tip}`}
            style={{
              left: Math.min(width - 190, Math.max(frame.left, mark.left + mark.width + 8)),
              top: mark.top > 80 ? mark.top - 64 : mark.top + mark.height + 8,
            }}
            aria-hidden="true"
          >
            <span className="muted">{words.time}</span>
            <span>{words.value}</span>
            <span className="strong">{words.count} events</span>
          </div>
        ) : null}
        <span className="vh" aria-live="polite">
          {cursor && words ? `${words.time}, ${words.value}: ${words.count} events` : ''}
        </span>
        {outline && !drag && !narrow && props.card ? (
          <div
            className={`popup ${styles.card}`}
            style={{ left: cardLeft, top: Math.max(0, Math.min(outline.top, height - 120)) }}
          >
            {props.card}
          </div>
        ) : null}
      </div>
      {outline && narrow && props.card ? <div className={styles.below}>{props.card}</div> : null}
    </>
  );
}

function outlineOf(box: Box, x: Scale, y: Scale) {
  const left = Math.round(toPixel(x, box.startMs));
  const top = Math.round(toPixel(y, box.max));
  return {
    left,
    top,
    width: Math.max(3, Math.round(toPixel(x, box.endMs)) - left),
    height: Math.max(3, Math.round(toPixel(y, box.min)) - top),
  };
}
