// The filter bar of the waterfall: words and a few comparisons, joined by "and" (the rule) or "or".

import { at, isBar, Kind, STATUS_ERROR, spanIdAt, type TraceData } from './columns.ts';
import { Flag, type TraceLayout } from './layout.ts';

export type Term =
  | { kind: 'text'; text: string }
  | { kind: 'word'; field: WordField; text: string }
  | { kind: 'error' }
  | { kind: 'duration'; op: Comparison; ns: number }
  | { kind: 'share'; op: Comparison; percent: number };

type WordField = 'service' | 'name' | 'kind' | 'source' | 'span';
type Comparison = '>' | '>=' | '<' | '<=';

/** Alternatives, each a list of terms that must all hold. */
export interface TraceFilter {
  any: Term[][];
}

export type ParsedFilter = { filter: TraceFilter } | { error: string; at: number; length: number };

const UNIT_NS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9 };
const WORD_FIELDS: readonly string[] = ['service', 'name', 'kind', 'source', 'span'];
const COMPARE = /^(?:duration|self)?\s*(>=|<=|>|<)\s*([0-9]+(?:\.[0-9]+)?)\s*(%|ns|us|µs|ms|s|m)?(?=\s|$)/iu;
const COMPARE_START = /^(?:duration\b|[<>])/iu;
const FIELD = /^([a-z]+):(?:"([^"]*)"|(\S+))/iu;
const QUOTED = /^"([^"]*)"/u;

/** Parses the bar's text. An empty text has no filter and matches nothing in particular: `any` is empty. */
export function parseFilter(text: string): ParsedFilter {
  const any: Term[][] = [];
  let terms: Term[] = [];
  let place = 0;
  while (place < text.length) {
    const rest = text.slice(place);
    const space = /^\s+/u.exec(rest);
    if (space) {
      place += space[0].length;
      continue;
    }
    const joiner = /^(or|and)(?=\s|$)/iu.exec(rest);
    if (joiner) {
      if (joiner[1]?.toLowerCase() === 'or') {
        if (terms.length > 0) any.push(terms);
        terms = [];
      }
      place += joiner[0].length;
      continue;
    }
    const read = readTerm(rest);
    if ('error' in read) return { error: read.error, at: place, length: read.length };
    terms.push(read.term);
    place += read.length;
  }
  if (terms.length > 0) any.push(terms);
  return { filter: { any } };
}

function readTerm(rest: string): { term: Term; length: number } | { error: string; length: number } {
  const compare = COMPARE.exec(rest);
  if (compare) {
    const op = compare[1] as Comparison;
    const value = Number(compare[2]);
    const unit = compare[3]?.toLowerCase() ?? 'ms';
    const term: Term =
      unit === '%'
        ? { kind: 'share', op, percent: value }
        : { kind: 'duration', op, ns: value * (UNIT_NS[unit] ?? 1e6) };
    return { term, length: compare[0].length };
  }
  if (COMPARE_START.test(rest)) {
    const length = /^\S+(?:\s*[<>]=?\s*\S*)?/u.exec(rest)?.[0].length ?? rest.length;
    return { error: 'a duration is compared like "duration > 2 %" or "duration < 10 ms"', length };
  }
  const field = FIELD.exec(rest);
  if (field) {
    const name = (field[1] ?? '').toLowerCase();
    const text = (field[2] ?? field[3] ?? '').toLowerCase();
    if (name === 'status' && text === 'error') return { term: { kind: 'error' }, length: field[0].length };
    if (WORD_FIELDS.includes(name)) {
      return { term: { kind: 'word', field: name as WordField, text }, length: field[0].length };
    }
  }
  const quoted = QUOTED.exec(rest);
  if (quoted)
    return { term: { kind: 'text', text: (quoted[1] ?? '').toLowerCase() }, length: quoted[0].length };
  const plain = /^\S+/u.exec(rest)?.[0] ?? rest;
  if (plain.toLowerCase() === 'error') return { term: { kind: 'error' }, length: plain.length };
  return { term: { kind: 'text', text: plain.toLowerCase() }, length: plain.length };
}

function holds(op: Comparison, left: number, right: number): boolean {
  if (op === '>') return left > right;
  if (op === '>=') return left >= right;
  if (op === '<') return left < right;
  return left <= right;
}

/** Which words of the dictionary contain `text`: each is looked at once, however many rows use it. */
function wordsWith(strings: readonly string[], text: string): Uint8Array {
  return Uint8Array.from(strings, (value) => Number(value.toLowerCase().includes(text)));
}

type Test = (position: number, row: number) => boolean;

function compile(term: Term, data: TraceData, layout: TraceLayout): Test {
  if (term.kind === 'error') {
    return (p, row) =>
      (at(layout.flags, p) & Flag.error) !== 0 || (row >= 0 && data.status[row] === STATUS_ERROR);
  }
  if (term.kind === 'duration' || term.kind === 'share') {
    const whole = Math.max(1, layout.to - layout.from);
    const limit = term.kind === 'duration' ? term.ns : (whole * term.percent) / 100;
    return (p) => {
      const kind = at(layout.kind, p);
      if (!isBar(kind) && kind !== Kind.missing) return false;
      return holds(term.op, at(layout.end, p) - at(layout.start, p), limit);
    };
  }
  const hit = wordsWith(data.strings, term.text);
  const inWord = (index: number | undefined) => index !== undefined && index >= 0 && at(hit, index) === 1;
  const inSpanId = (p: number, row: number) =>
    (row < 0 ? (layout.missing.get(p) ?? '') : spanIdAt(data, row)).startsWith(term.text);
  if (term.kind === 'text') {
    const idLike = /^[0-9a-f]{4,16}$/u.test(term.text);
    return (p, row) =>
      (row >= 0 && (inWord(data.name[row]) || inWord(data.service[row]) || inWord(data.body[row]))) ||
      (idLike && inSpanId(p, row));
  }
  if (term.field === 'span') return inSpanId;
  const column = { service: data.service, name: data.name, kind: data.spanKind, source: data.source }[
    term.field
  ];
  return (_p, row) => row >= 0 && inWord(column[row]);
}

/** 1 at each position that the filter picks; undefined for an empty filter, which picks nothing out. */
export function matchRows(filter: TraceFilter, data: TraceData, layout: TraceLayout): Uint8Array | undefined {
  if (filter.any.length === 0) return undefined;
  const any = filter.any.map((terms) => terms.map((term) => compile(term, data, layout)));
  const matches = new Uint8Array(layout.count);
  for (let p = 0; p < layout.count; p += 1) {
    const row = at(layout.row, p);
    if (any.some((tests) => tests.every((test) => test(p, row)))) matches[p] = 1;
  }
  return matches;
}

/** Number of marks set. */
export function countMarks(marks: Uint8Array): number {
  let sum = 0;
  for (const mark of marks) sum += mark;
  return sum;
}

/** Adds a term to the bar's text, once. */
export function withTerm(text: string, term: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return term;
  return trimmed.split(/\s+(?:and\s+)?/u).includes(term) ? trimmed : `${trimmed} ${term}`;
}
