// Keys as the page shows them: words, filters, what to copy. Pure, so that each rule has a test.

import type { Arrival, Key, KeyKind, KeyMade } from '@/api/types.ts';
import { nanos, toMs } from '@/lib/time.ts';

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

/** The latest sender of a key among the deliveries known, and when. */
export function lastSender(rows: readonly Arrival[], key: Key): Arrival | undefined {
  let latest: Arrival | undefined;
  for (const row of rows) {
    if (row.key_prefix !== key.prefix) continue;
    if (!latest || BigInt(row.last_ns) > BigInt(latest.last_ns)) latest = row;
  }
  return latest;
}

/** Protocols a key was seen with, in the order of the ledger. */
export function protocolsOf(rows: readonly Arrival[], key: Key): string[] {
  return [...new Set(rows.filter((row) => row.key_prefix === key.prefix).map((row) => row.protocol))];
}

export const msOf = (ns: string): number => toMs(nanos(ns));
