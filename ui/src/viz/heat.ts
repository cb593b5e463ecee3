/** Heatmaps as numbers: domain, colour levels, boxes. Pure; drawing is `Heatmap.tsx`. */
import type { Heatmap } from '@/api/types.ts';
import type { Scale } from './scale.ts';

export const LEVELS = 8;

/** Where an answer's buckets lie, in milliseconds. */
export interface TimeGrid {
  /** Start of bucket 0. */
  firstMs: number;
  stepMs: number;
  buckets: number;
  /** The range asked; the first and last bucket may reach beyond it. */
  startMs: number;
  endMs: number;
}

/** A box in time and value; both half open. */
export interface Box {
  startMs: number;
  endMs: number;
  min: number;
  max: number;
}

/** Whether a log axis can show these bins: something lies above 0. */
export function canLog(map: Heatmap): boolean {
  return map.max.some((edge) => edge > 0);
}

/**
 * The value axis over the bins. On a log axis, bins at or below 0 share the lowest place, as no logarithm has
 * room for them.
 */
export function valueScale(map: Heatmap, kind: 'linear' | 'log', from: number, to: number): Scale {
  const top = map.max.length > 0 ? Math.max(...map.max) : 1;
  if (kind === 'log' && canLog(map)) {
    const positive = map.min.filter((edge) => edge > 0);
    // Edges below a ten-thousandth of the top would squeeze all others.
    const least = positive.length > 0 ? Math.min(...positive) : top / 1000;
    const lo = Math.max(least, top * 1e-7);
    return { kind: 'log', lo: lo < top ? lo : top / 10, hi: top, from, to };
  }
  const bottom = map.min.length > 0 ? Math.min(...map.min) : 0;
  // A linear axis of counts and lengths starts at 0, or differences look greater than they are.
  const lo = bottom > 0 && bottom < top / 2 ? 0 : bottom;
  return { kind: 'linear', lo, hi: top > lo ? top : lo + 1, from, to };
}

/** Lowest count of each colour level, rising on a log scale from 1 to the peak. */
export function thresholds(peak: number): number[] {
  const top = Math.max(peak, 1);
  return Array.from({ length: LEVELS }, (_, i) => Math.max(1, Math.floor(top ** (i / LEVELS))));
}

/** Colour level 0 to 7 of a count above 0. */
export function level(count: number, peak: number): number {
  if (peak <= 1) return LEVELS - 1;
  return Math.min(LEVELS - 1, Math.floor((Math.log(Math.max(1, count)) / Math.log(peak)) * LEVELS));
}

/** Weight of the cells inside a box, and of all. A cell counts when its lower left corner lies inside. */
export function countIn(map: Heatmap, grid: TimeGrid, box: Box): { inside: number; all: number } {
  let inside = 0;
  let all = 0;
  for (let i = 0; i + 2 < map.cells.length; i += 3) {
    const bucket = map.cells[i] ?? 0;
    const bin = map.cells[i + 1] ?? 0;
    const count = map.cells[i + 2] ?? 0;
    all += count;
    const start = Math.max(grid.firstMs + bucket * grid.stepMs, grid.startMs);
    const min = map.min[bin] ?? 0;
    if (start >= box.startMs && start < box.endMs && min >= box.min && min < box.max) inside += count;
  }
  return { inside, all };
}

/** Index of the last edge at or below `value`; 0 when all lie above. `edges` rise. */
export function binAt(edges: readonly number[], value: number): number {
  let lo = 0;
  let hi = edges.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if ((edges[mid] ?? 0) <= value) lo = mid + 1;
    else hi = mid;
  }
  return Math.max(0, lo - 1);
}

/** The box grown to whole cells, so that what is counted is what is seen. */
export function snap(map: Heatmap, grid: TimeGrid, box: Box): Box {
  const first = Math.floor((box.startMs - grid.firstMs) / grid.stepMs);
  const last = Math.max(first + 1, Math.ceil((box.endMs - grid.firstMs) / grid.stepMs));
  return {
    startMs: Math.max(grid.startMs, grid.firstMs + first * grid.stepMs),
    endMs: Math.min(grid.endMs, grid.firstMs + last * grid.stepMs),
    min: edge(map, box.min, 'min'),
    max: edge(map, box.max, 'max'),
  };
}

/** The edge of the bin around a value; between bins, where nothing lies, the value itself. */
function edge(map: Heatmap, value: number, side: 'min' | 'max'): number {
  const bin = binAt(map.min, value);
  const [min, max] = [map.min[bin], map.max[bin]];
  if (min === undefined || max === undefined || value < min || value >= max) return value;
  return side === 'min' ? min : max;
}

/** A cell of the keyboard cursor. */
export interface CellAt {
  bucket: number;
  bin: number;
}

export function moved(cell: CellAt, key: string, grid: TimeGrid, bins: number): CellAt | undefined {
  const step: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
    PageUp: [0, 8],
    PageDown: [0, -8],
    Home: [-grid.buckets, 0],
    End: [grid.buckets, 0],
  };
  const by = step[key];
  if (!by) return undefined;
  return {
    bucket: Math.min(grid.buckets - 1, Math.max(0, cell.bucket + by[0])),
    bin: Math.min(bins - 1, Math.max(0, cell.bin + by[1])),
  };
}

/** The box that spans two cells. */
export function boxOf(a: CellAt, b: CellAt, map: Heatmap, grid: TimeGrid): Box {
  const [t0, t1] = [Math.min(a.bucket, b.bucket), Math.max(a.bucket, b.bucket)];
  const [v0, v1] = [Math.min(a.bin, b.bin), Math.max(a.bin, b.bin)];
  return {
    startMs: Math.max(grid.startMs, grid.firstMs + t0 * grid.stepMs),
    endMs: Math.min(grid.endMs, grid.firstMs + (t1 + 1) * grid.stepMs),
    min: map.min[v0] ?? 0,
    max: map.max[v1] ?? 0,
  };
}

/** The greatest cell: where a reader's eye starts. */
export function peakCell(map: Heatmap): CellAt {
  let best: CellAt = { bucket: 0, bin: 0 };
  let most = -1;
  for (let i = 0; i + 2 < map.cells.length; i += 3) {
    const count = map.cells[i + 2] ?? 0;
    if (count > most) {
      most = count;
      best = { bucket: map.cells[i] ?? 0, bin: map.cells[i + 1] ?? 0 };
    }
  }
  return best;
}

/** Count of one cell. */
export function countAt(map: Heatmap, cell: CellAt): number {
  for (let i = 0; i + 2 < map.cells.length; i += 3) {
    if (map.cells[i] === cell.bucket && map.cells[i + 1] === cell.bin) return map.cells[i + 2] ?? 0;
  }
  return 0;
}
