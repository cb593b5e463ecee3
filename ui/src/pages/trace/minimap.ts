// The overview above the waterfall: every row of the trace in a few lanes of pixels.

import { at, isBar, Kind } from './columns.ts';
import { Flag, type TraceLayout } from './layout.ts';

/** Run of equal pixels in a lane. */
export interface MiniRun {
  lane: number;
  x: number;
  width: number;
  /** Index of the row's colour; see `MiniColour` for those that mean something else. */
  colour: number;
}

/** Colours that are no service's. */
export const MiniColour = { none: -1, error: -2, plain: -3 } as const;

/** Added to the colour of a segment: it tells again what a span tells, and is drawn paler. */
export const PALE = 16;

/**
 * Draws all rows into `lanes` lanes of `width` pixels. Up to `lanes` rows have a lane each; above that, rows share
 * lanes by position, and shorter spans and errors win over longer ones, as the detail is what one looks for.
 *
 * `colourOf` gives the colour of a position. Cost: rows + pixels drawn.
 */
export function miniMap(
  layout: TraceLayout,
  width: number,
  lanes: number,
  colourOf: (position: number) => number,
): MiniRun[] {
  const whole = layout.to - layout.from;
  if (layout.joined === 0 || width < 1 || lanes < 1) return [];
  const used = Math.min(lanes, layout.joined);
  const cells = new Int16Array(used * width).fill(MiniColour.none);
  const scale = whole > 0 ? width / whole : 0;
  for (let p = 0; p < layout.joined; p += 1) {
    const lane = Math.floor((p * used) / layout.joined);
    // What lies beyond the axis has no place here.
    if (at(layout.end, p) < layout.from || at(layout.start, p) > layout.to) continue;
    const from = Math.max(0, Math.min(width - 1, Math.floor((at(layout.start, p) - layout.from) * scale)));
    const to = Math.min(width, Math.max(from + 1, Math.round((at(layout.end, p) - layout.from) * scale)));
    const failed = (at(layout.flags, p) & Flag.error) !== 0;
    const kind = at(layout.kind, p);
    const own = isBar(kind) ? colourOf(p) : MiniColour.plain;
    const pale = kind === Kind.segment && own > 0 ? PALE : 0;
    const colour = failed && !pale ? MiniColour.error : own + pale;
    for (let x = from; x < to; x += 1) {
      if (cells[lane * width + x] !== MiniColour.error) cells[lane * width + x] = colour;
    }
  }
  return runs(cells, used, width);
}

function runs(cells: Int16Array, lanes: number, width: number): MiniRun[] {
  const found: MiniRun[] = [];
  for (let lane = 0; lane < lanes; lane += 1) {
    let x = 0;
    while (x < width) {
      const colour = at(cells, lane * width + x);
      let end = x + 1;
      while (end < width && cells[lane * width + end] === colour) end += 1;
      if (colour !== MiniColour.none) found.push({ lane, x, width: end - x, colour });
      x = end;
    }
  }
  return found;
}
