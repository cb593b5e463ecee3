// One request's rows as a list on one time line. Pure, so that each rule has a test.

import type { Request, RequestJoin, RequestRow, RequestSource } from '@/api/types.ts';

/** The tag that stands for a source: text, never colour alone. */
export const TAGS: Readonly<Record<RequestSource, string>> = {
  spans: 'OT',
  segments: 'XR',
  lines: 'LOG',
  occurrences: 'ERR',
};

export const NAMES: Readonly<Record<RequestSource, [one: string, many: string]>> = {
  spans: ['span', 'spans'],
  segments: ['segment', 'segments'],
  lines: ['line', 'lines'],
  occurrences: ['error', 'errors'],
};

export interface Placed {
  row: RequestRow;
  join: RequestJoin | undefined;
  /** How deep among spans of its own source. */
  depth: number;
  /** Where its bar begins and how long it is, shares of the whole; a line or an error has no length. */
  left: number;
  width: number | undefined;
}

/** Rows with their place; a span stands below its parent, lines and errors where their time is. */
export function placed(request: Request): Placed[] {
  const start = BigInt(request.start_ns);
  const length = Number(BigInt(request.end_ns) - start) || 1;
  const depths = new Map<string, number>();
  return request.rows.map((row) => {
    const key = (id: string | null | undefined) => (id ? `${row.source} ${id}` : '');
    const depth = row.parent_id ? Math.min(12, (depths.get(key(row.parent_id)) ?? -1) + 1) : 0;
    if (row.span_id && !row.annotation) depths.set(key(row.span_id), depth);
    const left = Math.max(0, Math.min(1, Number(BigInt(row.ts_ns) - start) / length));
    const own = row.duration_ns ? Number(BigInt(row.duration_ns)) / length : undefined;
    return {
      row,
      join: request.joins[row.join],
      depth,
      left,
      width: own === undefined ? undefined : Math.max(0, Math.min(1 - left, own)),
    };
  });
}

/** How many rows each source gave. */
export function countsOf(request: Request): [RequestSource, number][] {
  const counts = new Map<RequestSource, number>();
  for (const row of request.rows) counts.set(row.source, (counts.get(row.source) ?? 0) + 1);
  return (Object.keys(TAGS) as RequestSource[])
    .filter((source) => counts.has(source))
    .map((source) => [source, counts.get(source) ?? 0]);
}

/** What a row is called: a name, else the beginning of its text. */
export function titleOf(row: RequestRow): string {
  const text = row.source === 'lines' ? (row.body ?? row.name) : (row.name ?? row.body);
  return (text ?? row.event_id).slice(0, 400);
}

/** `same id`, `found in text`, `92 % sure`: a join in few words; its reason says more. */
export function sureness(join: RequestJoin): string {
  switch (join.tier) {
    case 'asked':
      return 'opened';
    case 'id':
      return 'same id';
    case 'text':
      return 'id in its text';
    case 'assignment':
      return `${Math.round(join.score * 100)} % sure`;
  }
}
