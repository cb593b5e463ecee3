// Rows of the other sources beside those of a trace, and why each is there.

import type { Request, RequestJoin, RequestSource, TraceRow, Unattached } from '@/api/types.ts';
import {
  type AddedRow,
  at,
  eventIdAt,
  isBar,
  Kind,
  kindOf,
  NO_JOIN,
  noRows,
  type TraceData,
  withRows,
} from './columns.ts';

/** What a request's answer tells beside its rows. */
export interface Story {
  joins: readonly RequestJoin[];
  unattached: readonly Unattached[];
  /** Least score of a join. */
  threshold: number;
  notices: readonly string[];
}

const KIND_OF: Readonly<Record<RequestSource, AddedRow['kind']>> = {
  spans: Kind.span,
  segments: Kind.segment,
  lines: Kind.log,
  occurrences: Kind.error,
};
const META_SOURCE: Readonly<Record<RequestSource, string | undefined>> = {
  spans: undefined,
  segments: 'xray',
  lines: undefined,
  occurrences: 'rollbar',
};

/** The source that rows of a kind come from. */
export function sourceOf(kind: number): RequestSource {
  if (kind === Kind.log) return 'lines';
  if (kind === Kind.error) return 'occurrences';
  return kind === Kind.segment ? 'segments' : 'spans';
}

/** Puts what joins brought, and what was not joined, behind the rows of what was asked for. */
export function mergeRequest(data: TraceData, request: Request): { data: TraceData; story: Story } {
  const lone = data.traceId === '' ? eventIdAt(data, 0) : '';
  const merged = withRows(data, [
    ...request.rows
      .filter((row) => row.event_id !== lone)
      .map(
        (row): AddedRow => ({
          ...row,
          span_kind: row.kind ?? null,
          kind: KIND_OF[row.source],
          source: META_SOURCE[row.source],
        }),
      ),
    ...request.unattached.map(
      (one, i): AddedRow => ({
        ...one,
        kind: KIND_OF[one.source],
        source: META_SOURCE[one.source],
        join: NO_JOIN - 1 - i,
      }),
    ),
  ]);
  const { joins, unattached, threshold, notices } = request;
  // Rows of the trace itself are there as asked, or by the trace id that they share with what was asked.
  for (let i = 0; i < data.own; i += 1) {
    const source = sourceOf(at(data.kind, i));
    const byId = joins.findIndex((join) => join.tier === 'id' && join.to === 0 && join.source === source);
    merged.join[i] = joins[0]?.source === source || byId < 0 ? 0 : byId;
  }
  return { data: merged, story: { joins, unattached, threshold, notices } };
}

/** One row alone: a line or an error that carries no trace id. */
export function loneRow(row: TraceRow): TraceData {
  const { fields } = row;
  const text = (name: string) => {
    const value = fields[name];
    return typeof value === 'string' ? value : undefined;
  };
  const source = text('meta.source');
  const kind = kindOf(row.table, source);
  const alone = withRows(noRows(BigInt(row.ts_ns)), [
    {
      event_id: row.event_id,
      ts_ns: row.ts_ns,
      duration_ns:
        typeof fields.duration_ms === 'number' ? String(Math.round(fields.duration_ms * 1e6)) : null,
      kind,
      dataset: row.dataset,
      join: NO_JOIN,
      service: text('service.name'),
      name: text('name'),
      source,
      span_id: isBar(kind) ? text('trace.span_id') : undefined,
      status: fields.error === true ? 'error' : 'unset',
      severity: text('severity') ?? text('level'),
      body: text('body'),
    },
  ]);
  return { ...alone, own: 1 };
}

/** The join that brought a row, and whether it is no more than a candidate. */
export function whyOf(
  data: TraceData,
  story: Story | undefined,
  row: number,
): { join: RequestJoin; joined: true } | { near: Unattached; joined: false } | undefined {
  if (!story || row < 0) return undefined;
  const place = at(data.join, row);
  if (place < NO_JOIN) {
    const near = story.unattached[NO_JOIN - 1 - place];
    return near && { near, joined: false };
  }
  const join = story.joins[place];
  return join && { join, joined: true };
}

/** A score in per cent. What shares no id is never wholly sure. */
export const percentSure = (score: number): string => `${Math.min(99, Math.round(score * 100))} % sure`;

/** How sure a join is, in the fewest words. */
export function sureness(join: RequestJoin): string {
  switch (join.tier) {
    case 'asked':
      return 'opened';
    case 'id':
      return 'same trace id';
    case 'text':
      return 'id found in text';
    case 'assignment':
      return `assigned, ${percentSure(join.score)}`;
  }
}
