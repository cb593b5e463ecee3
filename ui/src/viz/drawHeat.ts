import type { Heatmap } from '@/api/types.ts';
import { token } from '@/lib/theme.ts';
import { LEVELS, level, type TimeGrid } from './heat.ts';
import { linearTicks, logTicks, type Scale, timeTicks, toPixel } from './scale.ts';
import { tickLabel } from './timeAxis.ts';

export interface Frame {
  width: number;
  height: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The plot inside a canvas: room for value labels at the left and times below. */
export function frameOf(width: number, height: number): Frame {
  const small = width < 600;
  return { width, height, left: small ? 52 : 56, top: 18, right: width, bottom: height - 20 };
}

/** Opacity of lit cells by level: light where few, full where many. */
const LIT = [0.18, 0.3, 0.45, 0.62, 0.8, 1, 1, 1];

/** Fills the cells; those of `lit` in the selection's colour on top. */
export function drawCells(
  context: CanvasRenderingContext2D,
  map: Heatmap,
  grid: TimeGrid,
  x: Scale,
  y: Scale,
  lit: Heatmap | undefined,
): void {
  const colours = Array.from({ length: LEVELS }, (_, i) => token(`h${i + 1}`));
  eachCell(map, grid, x, y, (left, top, width, height, count) => {
    context.fillStyle = colours[level(count, map.peak)] ?? '';
    context.fillRect(left, top, width, height);
  });
  if (!lit) return;
  const [ground, colour] = [token('bg'), token('sel')];
  eachCell(lit, grid, x, y, (left, top, width, height, count) => {
    context.fillStyle = ground;
    context.fillRect(left, top, width, height);
    context.globalAlpha = LIT[level(count, map.peak)] ?? 1;
    context.fillStyle = colour;
    context.fillRect(left, top, width, height);
    context.globalAlpha = 1;
  });
}

function eachCell(
  map: Heatmap,
  grid: TimeGrid,
  x: Scale,
  y: Scale,
  draw: (left: number, top: number, width: number, height: number, count: number) => void,
): void {
  for (let i = 0; i + 2 < map.cells.length; i += 3) {
    const bucket = map.cells[i] ?? 0;
    const bin = map.cells[i + 1] ?? 0;
    const startMs = grid.firstMs + bucket * grid.stepMs;
    // Whole pixels, shared between neighbours: no seams.
    const left = Math.round(toPixel(x, startMs));
    const right = Math.round(toPixel(x, startMs + grid.stepMs));
    const bottom = Math.round(toPixel(y, map.min[bin] ?? 0));
    const top = Math.round(toPixel(y, map.max[bin] ?? 0));
    draw(
      left,
      Math.min(top, bottom - 2),
      Math.max(1, right - left),
      Math.max(2, bottom - top),
      map.cells[i + 2] ?? 0,
    );
  }
}

/** Lines and labels around the cells. */
export function drawAxes(
  context: CanvasRenderingContext2D,
  frame: Frame,
  x: Scale,
  y: Scale,
  label: (value: number) => string,
): void {
  const [line, muted] = [token('line-2'), token('muted')];
  context.font = `11px ${token('font')}`;
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  const most = Math.max(2, Math.floor((frame.bottom - frame.top) / 48));
  const values = y.kind === 'log' ? logTicks(y.lo, y.hi, most) : linearTicks(y.lo, y.hi, most);
  for (const value of values) {
    const at = Math.round(toPixel(y, value)) + 0.5;
    context.fillStyle = muted;
    context.fillText(label(value), frame.left - 8, Math.min(frame.bottom - 4, Math.max(frame.top + 4, at)));
    context.globalAlpha = 0.55;
    context.strokeStyle = line;
    context.setLineDash([1, 3]);
    path(context, frame.left, at, frame.right, at);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
  context.strokeStyle = line;
  path(context, frame.left + 0.5, frame.top, frame.left + 0.5, frame.bottom + 0.5);
  path(context, frame.left, frame.bottom + 0.5, frame.right, frame.bottom + 0.5);
  const { ticks, stepMs } = timeTicks(x.lo, x.hi, Math.max(2, Math.floor((frame.right - frame.left) / 100)));
  context.fillStyle = muted;
  for (const [i, tick] of ticks.entries()) {
    const at = Math.round(toPixel(x, tick)) + 0.5;
    path(context, at, frame.bottom, at, frame.bottom + 4);
    context.textAlign = at < frame.left + 20 ? 'left' : at > frame.right - 20 ? 'right' : 'center';
    const zone = i === 0 && frame.width >= 600 ? ' UTC' : '';
    context.fillText(tickLabel(tick, stepMs) + zone, at, frame.bottom + 13);
  }
}

function path(context: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}
