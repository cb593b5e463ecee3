/** The ring of a node: its shares as arcs. */
import { type Counts, OUTCOMES } from './model.ts';

/** A share this small would not be seen; it is drawn this wide, the number tells the truth. */
const LEAST = 0.035;
/** Between two shares, radians. */
const GAP = 0.05;

export interface Arc {
  key: (typeof OUTCOMES)[number]['key'];
  /** From and to, radians clockwise from the top; a single one goes all around. */
  from: number;
  to: number;
  whole: boolean;
}

/** Arcs in the order ok, 4xx, 429, 5xx; none without calls. */
export function arcs(counts: Counts): Arc[] {
  if (counts.total <= 0) return [];
  const wide = OUTCOMES.map(({ key }) => ({
    key,
    width: counts[key] > 0 ? Math.max(counts[key] / counts.total, LEAST) : 0,
  })).filter(({ width }) => width > 0);
  const all = wide.reduce((sum, { width }) => sum + width, 0);
  const whole = wide.length === 1;
  let at = 0;
  return wide.map(({ key, width }) => {
    const from = at;
    at += (width / all) * 2 * Math.PI;
    return { key, from: whole ? from : from + GAP / 2, to: whole ? at : at - GAP / 2, whole };
  });
}

/** The outline of an arc of radius `r` and thickness `w` around 0 0, as an SVG path. */
export function arcPath({ from, to, whole }: Arc, r: number, w: number): string {
  if (whole) {
    // Two halves each way: an arc from a point to itself is none.
    const circle = (R: number, sweep: 0 | 1) =>
      `M0 ${-R}A${R} ${R} 0 1 ${sweep} 0 ${R}A${R} ${R} 0 1 ${sweep} 0 ${-R}Z`;
    return circle(r, 1) + circle(r - w, 0);
  }
  const big = to - from > Math.PI ? 1 : 0;
  const at = (angle: number, R: number) =>
    `${(R * Math.sin(angle)).toFixed(2)} ${(-R * Math.cos(angle)).toFixed(2)}`;
  return `M${at(from, r)}A${r} ${r} 0 ${big} 1 ${at(to, r)}L${at(to, r - w)}A${r - w} ${r - w} 0 ${big} 0 ${at(from, r - w)}Z`;
}
