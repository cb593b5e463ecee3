// The time axis of the waterfall: window, ticks, and places in per cent of the window.

/** Part of the trace that is drawn, nanoseconds after the base. */
export interface TimeWindow {
  from: number;
  to: number;
}

const STEPS = [1, 2, 5, 10];

/** Round tick times inside the window, at most `most`, counted from `zero`. */
export function ticks(window: TimeWindow, zero: number, most: number): number[] {
  const span = window.to - window.from;
  if (!(span > 0) || most < 1) return [];
  const raw = span / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * (STEPS.find((s) => s * power >= raw * 0.999_999) ?? 10);
  const first = Math.ceil((window.from - zero) / step - 1e-9);
  const found: number[] = [];
  for (let k = first; zero + k * step <= window.to + step * 1e-9 && found.length <= most; k += 1) {
    found.push(zero + k * step);
  }
  return found;
}

/** Place of a time in per cent of the window; outside 0..100 when the time is. */
export function percent(window: TimeWindow, time: number): number {
  const span = window.to - window.from;
  return span > 0 ? ((time - window.from) / span) * 100 : 0;
}

export interface BarBox {
  left: number;
  width: number;
  /** Where the whole bar lies outside of the window. */
  off: 'before' | 'after' | undefined;
}

/** The drawn part of a bar in per cent. */
export function barBox(window: TimeWindow, start: number, end: number): BarBox {
  const left = percent(window, start);
  const right = percent(window, end);
  if (right < 0) return { left: 0, width: 0, off: 'before' };
  if (left > 100) return { left: 100, width: 0, off: 'after' };
  const from = Math.max(0, left);
  return { left: from, width: Math.min(100, right) - from, off: undefined };
}

/** A window moved by `by`, kept inside the whole. */
export function moveWindow(window: TimeWindow, whole: TimeWindow, by: number): TimeWindow {
  const span = window.to - window.from;
  const from = Math.min(Math.max(whole.from, window.from + by), whole.to - span);
  return { from, to: from + span };
}

/** A window made `factor` times as long around `centre`, kept inside the whole and at least 1 µs long. */
export function scaleWindow(
  window: TimeWindow,
  whole: TimeWindow,
  factor: number,
  centre?: number,
): TimeWindow {
  const full = whole.to - whole.from;
  const middle = centre ?? (window.from + window.to) / 2;
  const span = Math.min(full, Math.max(Math.min(1_000, full), (window.to - window.from) * factor));
  const share = (middle - window.from) / Math.max(1, window.to - window.from);
  const from = Math.min(Math.max(whole.from, middle - span * share), whole.to - span);
  return { from, to: from + span };
}

/** The window between two times in either order, inside the whole, at least 1 µs long. */
export function windowBetween(a: number, b: number, whole: TimeWindow): TimeWindow {
  const from = Math.max(whole.from, Math.min(a, b));
  const to = Math.min(whole.to, Math.max(a, b));
  if (to - from >= 1_000) return { from, to };
  return scaleWindow({ from, to: Math.max(from + 1, to) }, whole, 1_000 / Math.max(1, to - from));
}

/** `from..to` in nanoseconds after the start, as the URL keeps it; undefined for the whole or for nonsense. */
export function parseWindow(text: string | undefined, whole: TimeWindow): TimeWindow | undefined {
  const match = /^(\d{1,19})-(\d{1,19})$/u.exec(text ?? '');
  if (!match) return undefined;
  const from = whole.from + Number(match[1]);
  const to = whole.from + Number(match[2]);
  if (!(to > from) || from >= whole.to) return undefined;
  return windowBetween(from, to, whole);
}

/** The URL's spelling of a window; undefined for the whole. */
export function windowText(window: TimeWindow, whole: TimeWindow): string | undefined {
  if (window.from <= whole.from && window.to >= whole.to) return undefined;
  return `${Math.round(window.from - whole.from)}-${Math.round(window.to - whole.from)}`;
}

/** The window after a key on one of its edges: 1 % of the whole a press, 10 % with Shift; undefined for other keys. */
export function windowByKey(
  key: string,
  shift: boolean,
  edge: 'from' | 'to',
  window: TimeWindow,
  whole: TimeWindow,
): TimeWindow | undefined {
  const full = whole.to - whole.from;
  const step = (shift ? 0.1 : 0.01) * full;
  const least = 0.01 * full;
  const moved = (by: number): TimeWindow => {
    const next = { ...window };
    if (edge === 'from') next.from = Math.min(window.from + by, window.to - least);
    else next.to = Math.max(window.to + by, window.from + least);
    return windowBetween(next.from, next.to, whole);
  };
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return moved(-step);
    case 'ArrowRight':
    case 'ArrowUp':
      return moved(step);
    case 'Home':
      return moved(-full);
    case 'End':
      return moved(full);
    case '+':
      return scaleWindow(window, whole, 0.5);
    case '-':
      return scaleWindow(window, whole, 2);
    case '0':
      return whole;
    default:
      return undefined;
  }
}
