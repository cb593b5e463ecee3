// What the same request did right before an occurrence.

import type { RequestRow, RequestSource } from '@/api/types.ts';

/** How far back is "just before"; a request that waited longer shows in its own page. */
export const BEFORE_MS = 10_000;
/** Lines that are read at a glance. */
export const MOST_BEFORE = 12;

export interface Before {
  id: string;
  /** Milliseconds before the occurrence, not negative. */
  ms: number;
  tag: string;
  text: string;
  durationMs: number | undefined;
  bad: boolean;
  where: string;
}

const TAGS: Record<RequestSource, string> = { spans: 'OT', segments: 'XR', lines: 'LOG', occurrences: 'ERR' };
const BAD = /^(error|fatal|critical|err|crit)/iu;

/** The last rows that began before the occurrence, oldest first, and how many more there were in that time. */
export function justBefore(
  rows: readonly RequestRow[],
  eventId: string,
  atNs: string,
): { list: Before[]; more: number } {
  const at = BigInt(atNs);
  const near = rows
    .filter((row) => row.event_id !== eventId && row.annotation !== 'link')
    .map((row) => ({ row, ms: Number(at - BigInt(row.ts_ns)) / 1e6 }))
    .filter(({ ms }) => ms >= 0 && ms <= BEFORE_MS)
    .sort((a, b) => b.ms - a.ms);
  const list = near.slice(-MOST_BEFORE).map(({ row, ms }) => ({
    id: `${row.source} ${row.event_id}`,
    ms,
    tag: TAGS[row.source],
    text: [row.severity, row.body ?? row.name ?? 'without a name'].filter(Boolean).join(' '),
    durationMs:
      row.duration_ns === null || row.duration_ns === undefined
        ? undefined
        : Number(BigInt(row.duration_ns)) / 1e6,
    bad: row.status === 'error' || BAD.test(row.severity ?? ''),
    where: row.service ?? row.dataset,
  }));
  return { list, more: near.length - list.length };
}
