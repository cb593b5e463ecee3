/** Times with nanosecond precision, and the ways a reader writes and reads them. */

/** Nanoseconds since 1970. 64 bits do not fit a `number`; the server sends them as decimal text. */
export type Nanos = bigint & { readonly __unit: 'ns' };

export const NS_PER_MS = 1_000_000n;
export const NS_PER_S = 1_000_000_000n;

/** Reads the decimal text of the API. Not a number: throws, as the API never sends that. */
export function nanos(text: string | number | bigint): Nanos {
  return BigInt(text) as Nanos;
}

/** Milliseconds since 1970, for `Date` and charts; loses what lies below a microsecond. */
export function toMs(time: Nanos): number {
  return Number(time / 1000n) / 1000;
}

/** From milliseconds since 1970. */
export function fromMs(ms: number): Nanos {
  return (BigInt(Math.round(ms * 1000)) * 1000n) as Nanos;
}

export type Zone = 'utc' | 'local';

const formats = new Map<string, Intl.DateTimeFormat>();
function format(key: string, zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${key}/${zone}`;
  let found = formats.get(id);
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === 'utc' ? { timeZone: 'UTC' } : {}) });
    formats.set(id, found);
  }
  return found;
}

/** `10:02:11` */
export function clock(ms: number, zone: Zone = 'utc'): string {
  return format('clock', zone, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).format(ms);
}

/** `10:02` */
export function clockMinutes(ms: number, zone: Zone = 'utc'): string {
  return format('minutes', zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms);
}

/** `10:02:11.204` */
export function clockMs(ms: number, zone: Zone = 'utc'): string {
  const part = Math.floor(((ms % 1000) + 1000) % 1000);
  return `${clock(ms, zone)}.${String(part).padStart(3, '0')}`;
}

/** `3 Mar` */
export function day(ms: number, zone: Zone = 'utc'): string {
  return format('day', zone, { day: 'numeric', month: 'short' }).format(ms);
}

/** `2026-03-03` */
export function isoDay(ms: number, zone: Zone = 'utc'): string {
  const parts = format('iso', zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')}`;
}

/** `2026-03-03 10:02:11.204`, the full form for tables and tooltips. */
export function dateTime(ms: number, zone: Zone = 'utc'): string {
  return `${isoDay(ms, zone)} ${clockMs(ms, zone)}`;
}

/** `4 s ago`, `3 min ago`: how long before `nowMs`. */
export function ago(ms: number, nowMs: number): string {
  const s = Math.max(0, Math.round((nowMs - ms) / 1000));
  if (s < 1) return 'now';
  if (s < 90) return `${s} s ago`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min ago`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86400)} d ago`;
}
