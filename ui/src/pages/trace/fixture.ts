// Builds traces for tests from short lines, and large ones from a seed.

import { packTrace, type TraceAnswer, type TraceData } from './columns.ts';
import { layoutTrace, type TraceLayout } from './layout.ts';

export interface FixtureRow {
  id?: string;
  parent?: string;
  name?: string;
  service?: string;
  start?: number;
  length?: number;
  status?: 'unset' | 'ok' | 'error';
  table?: 'spans' | 'logs' | 'errors';
  note?: 'span_event' | 'link';
  kind?: string;
  source?: 'otlp' | 'xray' | 'cloudwatch' | 'rollbar';
  http?: number;
  open?: boolean;
  severity?: string;
  body?: string;
}

/** `a` → `000000000000000a`-like ids: any short word becomes 16 hex digits. */
export function spanId(word: string): string {
  let text = '';
  for (const letter of word) text += letter.charCodeAt(0).toString(16).padStart(2, '0');
  return text.padStart(16, '0').slice(-16);
}

/** The server's answer for these rows. */
export function answerOf(rows: readonly FixtureRow[], startNs = '1760000000000000000'): TraceAnswer {
  const strings: string[] = [];
  const places = new Map<string, number>();
  const intern = (text: string | undefined): number => {
    if (text === undefined) return -1;
    const found = places.get(text);
    if (found !== undefined) return found;
    strings.push(text);
    places.set(text, strings.length - 1);
    return strings.length - 1;
  };
  const columns = {
    start: rows.map((row) => row.start ?? 0),
    duration: rows.map((row) => row.length ?? -1),
    span_id: rows.map((row) => (row.id === undefined ? null : spanId(row.id))),
    parent_id: rows.map((row) => (row.parent === undefined ? null : spanId(row.parent))),
    service: rows.map((row) => intern(row.service ?? 'backend-flask')),
    name: rows.map((row) => intern(row.name ?? row.id)),
    kind: rows.map((row) => intern(row.kind)),
    status: rows.map((row) => intern(row.status ?? 'unset')),
    table: rows.map((row) => intern(row.table ?? 'spans')),
    dataset: rows.map((row) => intern(row.service ?? 'backend-flask')),
    source: rows.map((row) => intern(row.source ?? 'otlp')),
    http_status: rows.map((row) => row.http ?? 0),
    in_progress: rows.map((row) => Number(row.open ?? false)),
    severity: rows.map((row) => intern(row.severity)),
    body: rows.map((row) => intern(row.body)),
    annotation: rows.map((row) => intern(row.note)),
    event_id: rows.map((_, i) => (i + 1).toString(16).padStart(32, '0')),
  };
  return {
    trace_id: '5c1fa2d07d8c0b3e6f4b2a1990c791b3',
    start_ns: startNs,
    rows: rows.length,
    strings,
    columns,
  };
}

export function pack(rows: readonly FixtureRow[]): { data: TraceData; layout: TraceLayout } {
  const data = packTrace(answerOf(rows));
  return { data, layout: layoutTrace(data) };
}

/** The names of the rows as an indented text: the whole shape at a glance. */
export function outline(data: TraceData, layout: TraceLayout, positions?: Int32Array): string {
  const all = positions ?? Int32Array.from({ length: layout.count }, (_, p) => p);
  return Array.from(all, (p) => {
    const row = layout.row[p] ?? -1;
    const name = row < 0 ? `?${layout.missing.get(p)}` : data.strings[data.name[row] ?? -1];
    return `${'  '.repeat(layout.depth[p] ?? 0)}${name}`;
  }).join('\n');
}

/** A trace of `count` spans: a random tree, the same for the same seed. */
export function randomRows(count: number, seed = 1): FixtureRow[] {
  let state = seed >>> 0;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const rows: FixtureRow[] = [{ id: '0', name: 'GET /', start: 0, length: 1e9 }];
  for (let i = 1; i < count; i += 1) {
    const above = Math.floor(random() * Math.min(i, 4_000)) + Math.max(0, i - 4_000);
    const parent = rows[above];
    const from = parent?.start ?? 0;
    const room = parent?.length ?? 1;
    const start = from + random() * room * 0.5;
    rows.push({
      id: i.toString(36),
      parent: above.toString(36),
      name: `step ${i % 97}`,
      service: `service-${i % 13}`,
      start,
      length: room * 0.4 * random(),
      status: i % 211 === 0 ? 'error' : 'unset',
    });
  }
  return rows;
}
