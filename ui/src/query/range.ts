/** Time ranges as text: `-2h`, `2026-03-03T10:00:00Z..2026-03-03T11:00:00Z`, epoch seconds, `yesterday 9:00..10:00`. */
import { NS_PER_S } from '@/lib/time.ts';
import type { Range } from './model.ts';

const UNIT: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Reads a range; `undefined` when it is none. `nowMs` gives meaning to `today` and `yesterday`. */
export function parseRange(text: string, nowMs: number = Date.now()): Range | undefined {
  const trimmed = text.trim();
  const last = /^(?:-|last\s+)(\d{1,7})\s*([smhdw])$/.exec(trimmed);
  if (last) {
    const seconds = Number(last[1]) * (UNIT[last[2] ?? ''] ?? 0);
    return seconds > 0 ? { kind: 'last', seconds } : undefined;
  }
  const dots = trimmed.indexOf('..');
  if (dots < 0) return undefined;
  let from = trimmed.slice(0, dots).trim();
  let to = trimmed.slice(dots + 2).trim();
  const day = /^(today|yesterday)\s+(.+)$/i.exec(from);
  if (day) {
    const date = dayText(nowMs - (day[1]?.toLowerCase() === 'yesterday' ? 86_400_000 : 0));
    from = `${date}T${clockText(day[2] ?? '')}`;
    to = /^\d{1,2}:\d{2}/.test(to) ? `${date}T${clockText(to)}` : to;
  }
  const startNs = parseInstant(from, nowMs);
  const endNs = parseInstant(to, nowMs);
  if (startNs === undefined || endNs === undefined || endNs <= startNs) return undefined;
  return { kind: 'between', startNs, endNs };
}

/** Reads epoch seconds (or ms, µs, ns by their length), ISO 8601 (UTC unless told), or `now`. */
export function parseInstant(text: string, nowMs: number = Date.now()): bigint | undefined {
  if (/^now$/i.test(text)) return BigInt(Math.round(nowMs)) * 1_000_000n;
  const epoch = /^(\d{1,19})(?:\.(\d{1,9}))?$/.exec(text);
  if (epoch) {
    const whole = epoch[1] ?? '';
    const fraction = BigInt((epoch[2] ?? '').padEnd(9, '0'));
    if (whole.length <= 11) return BigInt(whole) * NS_PER_S + fraction;
    const scale = whole.length <= 14 ? 1_000_000n : whole.length <= 17 ? 1000n : 1n;
    return epoch[2] === undefined ? BigInt(whole) * scale : undefined;
  }
  const iso =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:\d{2})?$/i.exec(
      text,
    );
  if (!iso) return undefined;
  const ms = Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}:${iso[3] ?? '00'}${(iso[5] ?? 'Z').toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt((iso[4] ?? '').padEnd(9, '0'));
}

/** Writes a range as text that {@link parseRange} reads back to the nanosecond. */
export function renderRange(range: Range): string {
  if (range.kind === 'between') return `${renderInstant(range.startNs)}..${renderInstant(range.endNs)}`;
  for (const unit of ['w', 'd', 'h', 'm'] as const) {
    const size = UNIT[unit] as number;
    // -7d rather than -1w: weeks are read, but days are what people say.
    if (unit !== 'w' && range.seconds % size === 0) return `-${range.seconds / size}${unit}`;
  }
  return `-${range.seconds}s`;
}

/** ISO 8601 in UTC with as many digits as the instant needs. */
export function renderInstant(ns: bigint): string {
  const date = new Date(Number(ns / 1_000_000n)).toISOString().slice(0, 19);
  const fraction = (ns % NS_PER_S).toString().padStart(9, '0').replace(/0+$/, '');
  return fraction ? `${date}.${fraction}Z` : `${date}Z`;
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function clockText(text: string): string {
  return /^\d:/.test(text) ? `0${text}` : text;
}

/** `last 2 h`, `last 10 min`, or the two ends. */
export function sayRange(range: Range): string {
  if (range.kind === 'last') {
    const text = renderRange(range);
    const unit = text.slice(-1);
    return `last ${text.slice(1, -1)} ${unit === 'm' ? 'min' : unit}`;
  }
  const [a, b] = [renderInstant(range.startNs), renderInstant(range.endNs)].map((one) =>
    one.replace('T', ' ').replace(/(\.\d{3})\d*Z$|Z$/, '$1'),
  );
  const sameDay = a?.slice(0, 10) === b?.slice(0, 10);
  return `${a} – ${sameDay ? b?.slice(11) : b} UTC`;
}

/** Both ends, nanoseconds. */
export function resolveRange(range: Range, nowMs: number): { startNs: bigint; endNs: bigint } {
  if (range.kind === 'between') return range;
  const endNs = BigInt(Math.round(nowMs)) * 1_000_000n;
  return { startNs: endNs - BigInt(range.seconds) * NS_PER_S, endNs };
}
