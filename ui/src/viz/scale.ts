/** Axes: from values to pixels and back, and where the labels stand. Pure. */

export interface Scale {
  kind: 'linear' | 'log';
  /** Ends of the domain, `lo < hi`; both above 0 for log. */
  lo: number;
  hi: number;
  /** Pixels at `lo` and `hi`. */
  from: number;
  to: number;
}

/** Pixel of a value; values outside the domain lie on its edge. */
export function toPixel(scale: Scale, value: number): number {
  const clamped = Math.min(scale.hi, Math.max(scale.lo, value));
  const share =
    scale.kind === 'log'
      ? Math.log(clamped / scale.lo) / Math.log(scale.hi / scale.lo)
      : (clamped - scale.lo) / (scale.hi - scale.lo);
  return scale.from + share * (scale.to - scale.from);
}

/** Value at a pixel, clamped to the domain. */
export function toValue(scale: Scale, pixel: number): number {
  const share = Math.min(1, Math.max(0, (pixel - scale.from) / (scale.to - scale.from)));
  if (scale.kind === 'log') return scale.lo * (scale.hi / scale.lo) ** share;
  return scale.lo + share * (scale.hi - scale.lo);
}

/** Round values between the ends: 1, 2, 5 times powers of ten. At most about `most`. */
export function linearTicks(lo: number, hi: number, most: number): number[] {
  if (!(hi > lo)) return [lo];
  const raw = (hi - lo) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((f) => f * power >= raw) ?? 10) * power;
  const out: number[] = [];
  for (let i = Math.ceil(lo / step - 1e-9); i * step <= hi + step * 1e-9; i++) {
    // 3 × 0.1 is not 0.3: the label must not show it.
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

/** Powers of ten between the ends; where there are too few, also 2 and 5 times of them. */
export function logTicks(lo: number, hi: number, most: number): number[] {
  const decades = Math.log10(hi / lo);
  const steps = decades * 3 <= most ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / Math.max(1, most)));
  const out: number[] = [];
  for (let e = Math.floor(Math.log10(lo)); e <= Math.ceil(Math.log10(hi)); e++) {
    if (e % every !== 0) continue;
    for (const step of steps) {
      const value = Number((step * 10 ** e).toPrecision(12));
      if (value >= lo * (1 - 1e-9) && value <= hi * (1 + 1e-9)) out.push(value);
    }
  }
  return out.length > 0 ? out : [lo, hi];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  SECOND,
  2 * SECOND,
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  DAY,
  2 * DAY,
  7 * DAY,
  14 * DAY,
  28 * DAY,
];

/** Round times (UTC) between the ends, in milliseconds, and their distance. */
export function timeTicks(loMs: number, hiMs: number, most: number): { ticks: number[]; stepMs: number } {
  const raw = (hiMs - loMs) / Math.max(1, most);
  const stepMs = TIME_STEPS.find((step) => step >= raw) ?? Math.ceil(raw / (28 * DAY)) * 28 * DAY;
  const ticks: number[] = [];
  for (let t = Math.ceil(loMs / stepMs) * stepMs; t <= hiMs; t += stepMs) ticks.push(t);
  return { ticks, stepMs };
}
