// Words and figures about rows, shared by the waterfall, the table and the panel.

import { duration } from '@/lib/format.ts';
import { at, eventIdAt, hasId, idBytes, isBar, Kind, spanIdAt, type TraceData, word } from './columns.ts';
import { Flag, type TraceLayout } from './layout.ts';

/** Length in nanoseconds as `212 ms`. */
export const length = (ns: number): string => duration(ns / 1e6);

/** Time after the start of what was asked for as `+44.1 ms`; before it with a minus. */
export const offset = (ns: number): string =>
  ns < 0 ? `−${duration(-ns / 1e6)}` : `+${ns === 0 ? '0 ms' : duration(ns / 1e6)}`;

/** Start of a row as `+44.1 ms`. */
export const startOf = (layout: TraceLayout, position: number): string =>
  offset(at(layout.start, position) - layout.zero);

/** What the URL calls a row: a span by its id, anything else by its event id. */
export function rowName(data: TraceData, layout: TraceLayout, position: number): string {
  const row = at(layout.row, position);
  if (row < 0) return layout.missing.get(position) ?? '';
  const named = isBar(at(layout.kind, position)) && (at(layout.flags, position) & Flag.alias) === 0;
  const span = named ? spanIdAt(data, row) : '';
  return span === '' ? `e-${eventIdAt(data, row)}` : span;
}

/** Position of a row named by the URL; -1 when the trace has none. */
export function findRow(data: TraceData, layout: TraceLayout, name: string | undefined): number {
  if (!name) return -1;
  const event = name.startsWith('e-');
  const id = event ? idBytes(name.slice(2), 16) : idBytes(name, 8);
  if (!id) return -1;
  const ids = event ? data.eventIds : data.spanIds;
  for (let p = 0; p < layout.count; p += 1) {
    const row = at(layout.row, p);
    // A log line carries the id of the span it was written in, which is not its own.
    if (row >= 0 && (event || isBar(at(layout.kind, p))) && hasId(ids, row, id)) return p;
  }
  for (const [p, missing] of layout.missing) if (missing === name) return p;
  return -1;
}

export function title(data: TraceData, layout: TraceLayout, position: number): string {
  const row = at(layout.row, position);
  if (row < 0) return `missing parent ${(layout.missing.get(position) ?? '').slice(0, 8)}…`;
  const name = word(data, at(data.name, row));
  const body = word(data, at(data.body, row));
  // A line is called by its text, anything else by its name.
  const text =
    at(layout.kind, position) === Kind.log
      ? saidBy(body, word(data, at(data.severity, row))) || name
      : name || body;
  return text.slice(0, TITLE_CHARACTERS).trim() || '(no name)';
}

/** What a line says: of JSON, its message with the severity before it. */
export function saidBy(body: string, severity: string): string {
  if (!body.startsWith('{')) return body;
  try {
    const fields = JSON.parse(body) as Record<string, unknown>;
    const said = ['message', 'msg', 'event']
      .map((name) => fields[name])
      .find((one) => typeof one === 'string');
    return said ? `${severity} ${said}`.trim() : body;
  } catch {
    // Cut in the middle, or never was JSON.
    return body;
  }
}

/** Rows are one line high; the whole text stands in the panel. */
const TITLE_CHARACTERS = 300;

export function service(data: TraceData, layout: TraceLayout, position: number): string {
  const row = at(layout.row, position);
  if (row < 0) return 'never arrived';
  // The tag of the row says already whether it is of a log group or of a project.
  return (
    word(data, at(data.service, row)) || word(data, at(data.dataset, row)).replace(/^(?:logs|rollbar)-/u, '')
  );
}

const TAGS = ['OT', 'LOG', 'ERR', '?', 'XR'];

/** Source tag: text, so that no colour carries it alone. */
export function tag(layout: TraceLayout, position: number): string {
  return TAGS[at(layout.kind, position)] ?? '?';
}

/** Why a row has a clock badge; undefined when it lies inside its parent by its own clock. */
export function clockNote(layout: TraceLayout, position: number): string | undefined {
  const moved = layout.moved.get(position);
  if (moved !== undefined) {
    return `drawn ${length(Math.abs(moved))} ${moved > 0 ? 'later' : 'earlier'} than it says: the clocks of the two differ`;
  }
  const flags = at(layout.flags, position);
  const parent = at(layout.parent, position);
  if (parent < 0 || (flags & (Flag.startsOutside | Flag.endsOutside)) === 0) return undefined;
  const early = at(layout.start, parent) - at(layout.start, position);
  if (early > 0) return `starts ${length(early)} before its parent: the clocks of the two differ`;
  const late = at(layout.start, position) - at(layout.end, parent);
  if (late > 0) return `starts ${length(late)} after its parent ended`;
  return `ends ${length(at(layout.end, position) - at(layout.end, parent))} after its parent`;
}

/** One sentence for readers of screens. */
export function spoken(layout: TraceLayout, position: number): string {
  const kind = at(layout.kind, position);
  if (kind === Kind.log || kind === Kind.error) return `at ${startOf(layout, position)}`;
  const start = `starts ${startOf(layout, position)}`;
  if (at(layout.flags, position) & Flag.open) return `${start}, in progress when it arrived`;
  const lasts = `lasts ${length(at(layout.end, position) - at(layout.start, position))}`;
  return kind === Kind.missing
    ? `never arrived; inferred from its children: ${start}, ${lasts}`
    : `${start}, ${lasts}`;
}

/** Splits `GET /path` into method and path; other names stay whole. */
export function splitRoute(name: string): { method: string | undefined; rest: string } {
  const match = /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE)\s+(\S.*)$/u.exec(name);
  return match ? { method: match[1], rest: match[2] ?? '' } : { method: undefined, rest: name };
}
