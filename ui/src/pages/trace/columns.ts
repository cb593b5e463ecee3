// The rows of one trace as typed arrays. The server answers in columns; here they are packed so that 100,000
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
export const Kind = { span: 0, log: 1, error: 2, missing: 3 } as const;
export type RowKind = (typeof Kind)[keyof typeof Kind];

/** Rows of one trace, packed. Index = place in the answer. */
export interface TraceData {
  traceId: string;
  baseNs: bigint;
  count: number;
  strings: string[];
  /** 16 bytes a row. */
  eventIds: Uint8Array;
  /** 8 bytes a row; zeros for none. */
  spanIds: Uint8Array;
  parentIds: Uint8Array;
  /** Nanoseconds after `baseNs`. */
  start: Float64Array;
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

/** The identity of row `index`, 32 hex digits: what `…/rows/{event_id}` asks for. */
export const eventIdAt = (data: TraceData, index: number): string => hexAt(data.eventIds, index, 16);
/** The span id of row `index`, 16 hex digits; empty for none. */
export const spanIdAt = (data: TraceData, index: number): string => hexAt(data.spanIds, index, 8);
/** The parent's span id of row `index`; empty for none. */
export const parentIdAt = (data: TraceData, index: number): string => hexAt(data.parentIds, index, 8);
/** A word of the dictionary; empty for none. */
export const word = (data: TraceData, index: number): string => data.strings[index] ?? '';

function kindOf(table: string | undefined): RowKind {
  if (table === 'logs') return Kind.log;
  if (table === 'errors') return Kind.error;
  return Kind.span;
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
  const { rows: count, strings, columns } = answer;
  const kinds = strings.map(kindOf);
  const data: TraceData = {
    traceId: answer.trace_id,
    baseNs: BigInt(answer.start_ns),
    count,
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
    kind: Uint8Array.from(columns.table, (index) => kinds[index] ?? Kind.span),
  };
  for (let i = 0; i < count; i += 1) {
    packHex(columns.event_id[i], data.eventIds, i * 16, 16);
    packHex(columns.span_id[i], data.spanIds, i * 8, 8);
    packHex(columns.parent_id[i], data.parentIds, i * 8, 8);
  }
  return data;
}

/** Buffers to hand over (not copy) when a packed trace crosses a worker's border. */
export function traceBuffers(data: TraceData): ArrayBuffer[] {
  return Object.values(data)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map((view) => view.buffer);
}
