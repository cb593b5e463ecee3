// The rows of one request as typed arrays. The server answers in columns; here they are packed so that 100,000
// spans are a few megabytes that can be handed between a worker and the page without copying.

import type { Trace } from '@/api/types.ts';

/** What of the server's answer is used; the rest is its bookkeeping. */
export type TraceAnswer = Pick<Trace, 'trace_id' | 'start_ns' | 'rows' | 'strings'> & {
  columns: Omit<Trace['columns'], 'parent'>;
};

export const STATUS_ERROR = 2;
export const ANNOTATION_EVENT = 1;
export const ANNOTATION_LINK = 2;

/** What a row of the waterfall stands for. */
export const Kind = { span: 0, log: 1, error: 2, missing: 3, segment: 4 } as const;
export type RowKind = (typeof Kind)[keyof typeof Kind];

/** Whether a row of that kind lasts: it is drawn as a bar and has a service's colour. */
export const isBar = (kind: number): boolean => kind === Kind.span || kind === Kind.segment;

/** `join` of a row of which nothing is said (yet); less than it: not joined, -2 is the first of those. */
export const NO_JOIN = -1;

/** Rows of one request, packed: first those of the trace, then those that joins brought. */
export interface TraceData {
  /** The trace asked for; empty when one row without a trace was. */
  traceId: string;
  baseNs: bigint;
  count: number;
  /** How many rows are of what was asked for. */
  own: number;
  strings: string[];
  /** 16 bytes a row. */
  eventIds: Uint8Array;
  /** 8 bytes a row; zeros for none. */
  spanIds: Uint8Array;
  parentIds: Uint8Array;
  /** Nanoseconds after `baseNs`: where the row is drawn. */
  start: Float64Array;
  /** As the row itself says, where it is drawn elsewhere: its identity is at that time. */
  told?: Float64Array;
  /** Nanoseconds; -1 for none. */
  duration: Float64Array;
  name: Int32Array;
  service: Int32Array;
  spanKind: Int32Array;
  dataset: Int32Array;
  source: Int32Array;
  /** 0 unset, 1 ok, 2 error. */
  status: Uint8Array;
  /** 0 none, 1 span event, 2 link. */
  annotation: Uint8Array;
  /** `Kind` of each row. */
  kind: Uint8Array;
  /** HTTP status of the response; 0 for none. */
  httpStatus: Uint16Array;
  /** 1 for a span that had not ended when it was sent. */
  inProgress: Uint8Array;
  severity: Int32Array;
  /** Message of a line or an occurrence, its beginning. */
  body: Int32Array;
  /** Its trace, as a word; -1 for none. */
  trace: Int32Array;
  /** Which of the request's joins brought it; see `NO_JOIN`. */
  join: Int32Array;
}

/** Reads an element that is known to exist. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

const HEX = '0123456789abcdef';

/** Writes the hex digits of `text` as bytes at `offset`; anything that is not hex leaves zeros. */
function packHex(text: string | null | undefined, into: Uint8Array, offset: number, bytes: number): void {
  if (!text || text.length !== bytes * 2) return;
  for (let i = 0; i < bytes; i += 1) {
    const byte = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
    if (Number.isNaN(byte)) {
      into.fill(0, offset, offset + bytes);
      return;
    }
    into[offset + i] = byte;
  }
}

/** Hex digits of `bytes` bytes at row `index`; empty for all zeros. */
export function hexAt(ids: Uint8Array, index: number, bytes: number): string {
  let text = '';
  let any = 0;
  for (let i = index * bytes; i < (index + 1) * bytes; i += 1) {
    const byte = at(ids, i);
    any |= byte;
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  }
  return any === 0 ? '' : text;
}

/** The bytes of an id; undefined when the text is none. */
export function idBytes(text: string, bytes: number): Uint8Array | undefined {
  const id = new Uint8Array(bytes);
  packHex(text, id, 0, bytes);
  return id.some((byte) => byte !== 0) ? id : undefined;
}

/** Whether row `index` has that id. */
export function hasId(ids: Uint8Array, index: number, id: Uint8Array): boolean {
  const from = index * id.length;
  for (let i = 0; i < id.length; i += 1) if (ids[from + i] !== id[i]) return false;
  return true;
}

/** Time of row `index` as it says itself, nanoseconds after `baseNs`. */
export const toldAt = (data: TraceData, index: number): number => at(data.told ?? data.start, index);
/** Time of row `index`, nanoseconds since 1970. */
export const timeAt = (data: TraceData, index: number): bigint =>
  data.baseNs + BigInt(Math.round(toldAt(data, index)));
/** The identity of row `index`, 32 hex digits: with its time, what `…/rows/{event_id}` asks for. */
export const eventIdAt = (data: TraceData, index: number): string => hexAt(data.eventIds, index, 16);
/** The span id of row `index`, 16 hex digits; empty for none. */
export const spanIdAt = (data: TraceData, index: number): string => hexAt(data.spanIds, index, 8);
/** The parent's span id of row `index`; empty for none. */
export const parentIdAt = (data: TraceData, index: number): string => hexAt(data.parentIds, index, 8);
/** A word of the dictionary; empty for none. */
export const word = (data: TraceData, index: number): string => data.strings[index] ?? '';

/** What a row of a table is; `source` as in `meta.source`. */
export function kindOf(table: string | undefined, source: string | undefined): RowKind {
  if (table === 'logs') return Kind.log;
  if (table === 'errors') return Kind.error;
  return source === 'xray' ? Kind.segment : Kind.span;
}

const STATUSES = ['unset', 'ok', 'error'];
const ANNOTATIONS = ['', 'span_event', 'link'];

/** Looks each word of the dictionary up in a short list once; unknown words count as the first. */
function codes(strings: readonly string[], list: readonly string[], column: readonly number[]): Uint8Array {
  const code = strings.map((word) => Math.max(0, list.indexOf(word)));
  return Uint8Array.from(column, (index) => code[index] ?? 0);
}

/** Packs the server's columns. */
export function packTrace(answer: TraceAnswer): TraceData {
  const { rows: count, columns } = answer;
  const strings = [...answer.strings, answer.trace_id];
  const data: TraceData = {
    traceId: answer.trace_id,
    baseNs: BigInt(answer.start_ns),
    count,
    own: count,
    strings,
    eventIds: new Uint8Array(count * 16),
    spanIds: new Uint8Array(count * 8),
    parentIds: new Uint8Array(count * 8),
    start: Float64Array.from(columns.start),
    duration: Float64Array.from(columns.duration),
    name: Int32Array.from(columns.name),
    service: Int32Array.from(columns.service),
    spanKind: Int32Array.from(columns.kind),
    dataset: Int32Array.from(columns.dataset),
    source: Int32Array.from(columns.source),
    status: codes(strings, STATUSES, columns.status),
    annotation: codes(strings, ANNOTATIONS, columns.annotation),
    kind: Uint8Array.from(columns.table, (index, i) =>
      kindOf(strings[index], strings[columns.source[i] ?? -1]),
    ),
    httpStatus: Uint16Array.from(columns.http_status),
    inProgress: Uint8Array.from(columns.in_progress),
    severity: Int32Array.from(columns.severity),
    body: Int32Array.from(columns.body),
    trace: new Int32Array(count).fill(strings.length - 1),
    join: new Int32Array(count).fill(NO_JOIN),
  };
  for (let i = 0; i < count; i += 1) {
    packHex(columns.event_id[i], data.eventIds, i * 16, 16);
    packHex(columns.span_id[i], data.spanIds, i * 8, 8);
    packHex(columns.parent_id[i], data.parentIds, i * 8, 8);
  }
  return data;
}

/** One row to be added: a row of a request, or one that stands alone. */
export interface AddedRow {
  event_id: string;
  ts_ns: string;
  duration_ns?: string | null | undefined;
  kind: RowKind;
  dataset: string;
  join: number;
  service?: string | null | undefined;
  name?: string | null | undefined;
  span_kind?: string | null | undefined;
  source?: string | undefined;
  status?: string | null | undefined;
  annotation?: string | null | undefined;
  trace_id?: string | null | undefined;
  span_id?: string | null | undefined;
  parent_id?: string | null | undefined;
  http_status?: number | null | undefined;
  in_progress?: boolean | undefined;
  severity?: string | null | undefined;
  body?: string | null | undefined;
}

/** Nothing yet, with times counted from `baseNs`. */
export const noRows = (baseNs: bigint): TraceData =>
  packTrace({ trace_id: '', start_ns: String(baseNs), rows: 0, strings: [], columns: NO_COLUMNS });

const NO_COLUMNS: TraceAnswer['columns'] = {
  start: [],
  duration: [],
  span_id: [],
  parent_id: [],
  service: [],
  name: [],
  kind: [],
  status: [],
  table: [],
  dataset: [],
  source: [],
  annotation: [],
  event_id: [],
  http_status: [],
  in_progress: [],
  severity: [],
  body: [],
};

/** The rows of `data`, and behind them `added`. What is given stays as it is. */
export function withRows(data: TraceData, added: readonly AddedRow[]): TraceData {
  const strings = data.strings.slice();
  const places = new Map(strings.map((text, i) => [text, i]));
  const intern = (text: string | null | undefined): number => {
    if (text === null || text === undefined || text === '') return -1;
    const found = places.get(text);
    if (found !== undefined) return found;
    places.set(text, strings.length);
    return strings.push(text) - 1;
  };
  const words = (old: Int32Array, of: (row: AddedRow) => string | null | undefined) => {
    const all = new Int32Array(old.length + added.length);
    all.set(old);
    added.forEach((row, i) => {
      all[old.length + i] = intern(of(row));
    });
    return all;
  };
  const numbers = <A extends Uint8Array | Uint16Array | Int32Array | Float64Array>(
    old: A,
    of: (row: AddedRow) => number,
  ): A => {
    const all = new (old.constructor as new (size: number) => A)(old.length + added.length);
    all.set(old);
    added.forEach((row, i) => {
      all[old.length + i] = of(row);
    });
    return all;
  };
  const ids = (old: Uint8Array, bytes: number, of: (row: AddedRow) => string | null | undefined) => {
    const all = new Uint8Array(old.length + added.length * bytes);
    all.set(old);
    added.forEach((row, i) => {
      packHex(of(row), all, old.length + i * bytes, bytes);
    });
    return all;
  };
  return {
    ...data,
    count: data.count + added.length,
    strings,
    eventIds: ids(data.eventIds, 16, (row) => row.event_id),
    spanIds: ids(data.spanIds, 8, (row) => row.span_id),
    parentIds: ids(data.parentIds, 8, (row) => row.parent_id),
    start: numbers(data.start, (row) => Number(BigInt(row.ts_ns) - data.baseNs)),
    duration: numbers(data.duration, (row) => (row.duration_ns ? Number(row.duration_ns) : -1)),
    name: words(data.name, (row) => row.name),
    service: words(data.service, (row) => row.service),
    spanKind: words(data.spanKind, (row) => row.span_kind),
    dataset: words(data.dataset, (row) => row.dataset),
    source: words(data.source, (row) => row.source),
    status: numbers(data.status, (row) => Math.max(0, STATUSES.indexOf(row.status ?? ''))),
    annotation: numbers(data.annotation, (row) => Math.max(0, ANNOTATIONS.indexOf(row.annotation ?? ''))),
    kind: numbers(data.kind, (row) => row.kind),
    httpStatus: numbers(data.httpStatus, (row) => row.http_status ?? 0),
    inProgress: numbers(data.inProgress, (row) => Number(row.in_progress ?? false)),
    severity: words(data.severity, (row) => row.severity),
    body: words(data.body, (row) => row.body),
    trace: words(data.trace, (row) => row.trace_id),
    join: numbers(data.join, (row) => row.join),
  };
}

/** Buffers to hand over (not copy) when packed rows cross a worker's border. */
export function traceBuffers(data: TraceData): ArrayBuffer[] {
  return Object.values(data)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map((view) => view.buffer);
}
