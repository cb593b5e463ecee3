// Keys as the page shows them: words, filters, what to copy. Pure, so that each rule has a test.

import type { Arrival, Key, KeyKind, KeyMade } from '@/api/types.ts';
import { count, plural } from '@/lib/format.ts';
import { dateTime, nanos, toMs } from '@/lib/time.ts';

/** Kinds people make here, with the words of the vendor whose client carries the key. */
export const KINDS: readonly { value: KeyKind; label: string; what: string }[] = [
  { value: 'ingest', label: 'Ingest', what: 'sends spans, logs and events (x-honeycomb-team)' },
  { value: 'configuration', label: 'Configuration', what: 'sends, asks questions, manages columns' },
  { value: 'signing', label: 'AWS key', what: 'id and secret that sign X-Ray and CloudWatch calls' },
  { value: 'project', label: 'Rollbar token', what: 'access token of a project, sends items' },
];

export function kindName(kind: KeyKind): string {
  return KINDS.find((one) => one.value === kind)?.label ?? kind;
}

export interface KeyFilter {
  kind: string | undefined;
  text: string;
  revoked: boolean;
}

/** Keys that pass: kind, then name or prefix containing the text in any case, then whether revoked ones show. */
export function shown(keys: readonly Key[], filter: KeyFilter): Key[] {
  const text = filter.text.trim().toLowerCase();
  return keys.filter(
    (key) =>
      (filter.revoked || !key.revoked_ns) &&
      (filter.kind === undefined || key.kind === filter.kind) &&
      (text === '' || `${key.name} ${key.prefix}`.toLowerCase().includes(text)),
  );
}

/** The lines of a client's environment that carry the key; what stands in a file named `.env`. */
export function envLines(made: KeyMade): string {
  if (made.key.kind === 'signing') {
    return `AWS_ACCESS_KEY_ID=${made.key.signing_id ?? ''}\nAWS_SECRET_ACCESS_KEY=${made.secret}\n`;
  }
  if (made.key.kind === 'project') return `ROLLBAR_ACCESS_TOKEN=${made.secret}\n`;
  return `OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=${made.secret}\nHONEYCOMB_API_KEY=${made.secret}\n`;
}

/** Deliveries refused because their key was revoked, the latest first: a container still holds an old key. */
export function usedAgain(rows: readonly Arrival[], keys: readonly Key[]): Arrival[] {
  const revoked = new Set(keys.filter((key) => key.revoked_ns).map((key) => key.prefix));
  return rows.filter(
    (row) =>
      row.reason?.code === 'revoked_key' && typeof row.key_prefix === 'string' && revoked.has(row.key_prefix),
  );
}

/** The latest of the deliveries known that carried the key. */
export function lastDelivery(rows: readonly Arrival[], key: Key): Arrival | undefined {
  let latest: Arrival | undefined;
  for (const row of rows) {
    if (row.key_prefix !== key.prefix) continue;
    if (!latest || BigInt(row.last_ns) > BigInt(latest.last_ns)) latest = row;
  }
  return latest;
}

/** What came with a key, as far as it is known. */
export interface KeyUse {
  /** Items of a day, on average since the key was made. */
  perDay: number;
  /** Items ever taken. */
  taken: number;
  /** Over how long `perDay` is: the key's age, at least one day. */
  ageDays: number;
  /** The last seven days, today last. */
  days: number[];
  /** Since when the days are counted. */
  sinceMs: number;
}

const DAY_MS = 86_400_000;

/** A key younger than a day is told by what came so far: less than a day is no ground for more. */
export function usageOf(key: Key, nowMs: number): KeyUse | undefined {
  const { usage } = key;
  if (!usage) return undefined;
  const until = key.revoked_ns ? msOf(key.revoked_ns) : nowMs;
  const ageDays = Math.max(1, (until - msOf(key.created_ns)) / DAY_MS);
  return {
    perDay: Math.round(usage.taken / ageDays),
    taken: usage.taken,
    ageDays,
    days: usage.days,
    sinceMs: msOf(usage.days_since_ns),
  };
}

export function usageText(use: KeyUse): string {
  const days = use.ageDays < 1.05 ? 'a day' : `${use.ageDays.toFixed(1)} days`;
  return (
    `${plural(use.taken, 'item')} in ${days} of the key. By day, today last: ` +
    `${use.days.map(count).join(', ')}; days are counted since ${dateTime(use.sinceMs).slice(0, 16)} UTC, ` +
    'when the server started'
  );
}

/** What happened to a key, as far as the keys themselves tell it. */
export interface KeyEvent {
  atMs: number;
  what: 'made' | 'revoked';
  key: Key;
}

/** Making and revoking of keys, the latest first. */
export function eventsOf(keys: readonly Key[]): KeyEvent[] {
  const made = keys.map((key) => ({ atMs: msOf(key.created_ns), what: 'made' as const, key }));
  const revoked = keys.flatMap((key) =>
    key.revoked_ns ? [{ atMs: msOf(key.revoked_ns), what: 'revoked' as const, key }] : [],
  );
  return [...made, ...revoked].sort((a, b) => b.atMs - a.atMs);
}

/** Protocols a key was seen with, in the order of the ledger. */
export function protocolsOf(rows: readonly Arrival[], key: Key): string[] {
  return [...new Set(rows.filter((row) => row.key_prefix === key.prefix).map((row) => row.protocol))];
}

export const msOf = (ns: string): number => toMs(nanos(ns));
