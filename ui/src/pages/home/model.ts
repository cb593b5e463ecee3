// What Home asks, and what its figures say. Pure, so that each rule has a test.

import type { Answer, Calculation, Cell, Dataset, Line, QuerySpec, Row } from '@/api/types.ts';
import { nanos, toMs } from '@/lib/time.ts';

/** Where requests are counted: a team instruments twice, and each request must count once. */
export type Source = 'otlp' | 'events' | 'xray';

/** Spans of OpenTelemetry where there are any, else events, else segments. */
export function sourceOf(datasets: readonly Dataset[]): Source | undefined {
  const has = (kind: string) => datasets.some((one) => one.kind === kind && one.rows > 0);
  if (has('service')) return 'otlp';
  if (has('segments')) return 'xray';
  return has('events') ? 'events' : undefined;
}

const field = (column: string, op: 'exists' | 'does-not-exist') => ({ column, op }) as const;
const is = (column: string, value: string | boolean) => ({ column, op: '=', value }) as const;

/** A request is a root span: nothing called it within what we see. */
export function requestFilters(source: Source): NonNullable<QuerySpec['filters']> {
  return [
    is('meta.source', source),
    field('trace.parent_id', 'does-not-exist'),
    field('duration_ms', 'exists'),
  ];
}

const ERRORS: Calculation = { op: 'COUNT', name: 'errors', filters: [is('error', true)] };

export function tilesQuery(source: Source, range: Range): QuerySpec {
  return {
    ...range,
    calculations: [{ op: 'COUNT' }, ERRORS, { op: 'P95', column: 'duration_ms' }],
    filters: requestFilters(source),
  };
}

export function heatQuery(source: Source, range: Range): QuerySpec {
  return {
    ...range,
    calculations: [{ op: 'HEATMAP', column: 'duration_ms' }],
    filters: requestFilters(source),
  };
}

export function linesQuery(range: Range): QuerySpec {
  return { ...range, calculations: [{ op: 'COUNT' }], filters: [is('meta.signal_type', 'log')] };
}

export const SERVICES_SHOWN = 12;

export function servicesQuery(source: Source, range: Range): QuerySpec {
  const of = (op: 'P50' | 'P95' | 'P99'): Calculation => ({ op, column: 'duration_ms' });
  return {
    ...range,
    calculations: [{ op: 'COUNT' }, ERRORS, of('P50'), of('P95'), of('P99')],
    breakdowns: ['service.name'],
    filters: [is('meta.source', source), field('duration_ms', 'exists')],
    orders: [{ op: 'P95', column: 'duration_ms', order: 'descending' }],
    limit: SERVICES_SHOWN,
  };
}

/** Routes by p95, to be compared with the same before. */
export function routesQuery(source: Source, range: Range): QuerySpec {
  return {
    ...range,
    calculations: [{ op: 'COUNT' }, ERRORS, { op: 'P95', column: 'duration_ms' }],
    breakdowns: ['name'],
    filters: requestFilters(source),
    orders: [{ op: 'COUNT', order: 'descending' }],
    limit: 50,
  };
}

/** Minutes of a range in which there can be data: rates of a young environment are not thinned by the time before it. */
export function minutesOf(range: Range, datasets: readonly Dataset[]): number {
  const first = Math.min(...datasets.map((one) => msOf(one.created_ns) / 1000));
  const from = Number.isFinite(first) ? Math.max(range.start_time, first) : range.start_time;
  return Math.max(1, (range.end_time - from) / 60);
}

/** Whole seconds since 1970. */
export interface Range {
  start_time: number;
  end_time: number;
}

/** The last `seconds`, up to the next whole ten, and the same length before that: asking again hits the cache. */
export function ranges(nowMs: number, seconds: number): { now: Range; before: Range } {
  const end = Math.ceil(nowMs / 10_000) * 10;
  return {
    now: { start_time: end - seconds, end_time: end },
    before: { start_time: end - 2 * seconds, end_time: end - seconds },
  };
}

export function numberOf(cell: Cell | undefined): number | undefined {
  return typeof cell === 'number' ? cell : undefined;
}

/** The end of a range lies up to this far ahead: see {@link ranges}. */
const AHEAD_NS = 10_000_000_000n;

/** Values of the steps that are over: the first and the last are only partly in the range, and would read as a fall. */
export function courseOf(answer: Answer | undefined, at: number): (number | null)[] {
  if (!answer) return [];
  const [first, step] = [BigInt(answer.first_bucket_ns), BigInt(answer.step_ns)];
  const [start, end] = [BigInt(answer.start_ns), BigInt(answer.end_ns) - AHEAD_NS];
  return valuesOf(answer, at).filter((_, i) => {
    const from = first + step * BigInt(i);
    return from >= start && from + step <= end;
  });
}

/** `35.5 ms` as its figure and its unit; what has more parts stays whole. */
export function figureOf(text: string): { figure: string; unit: string } {
  const parts = text.split(' ');
  const [figure = text, unit = ''] = parts;
  return parts.length === 2 ? { figure, unit } : { figure: text, unit: '' };
}

export function valuesOf(answer: Answer | undefined, at: number, series = 0): (number | null)[] {
  const line: Line | undefined = answer?.series[series]?.lines[at];
  return line?.kind === 'numbers' ? line.values : [];
}

/** Change against before: words, and how bad it is where more is bad. */
export interface Change {
  text: string;
  tone: 'none' | 'warn' | 'danger';
}

/** `▲ 4 %`, `▲ 3.1×`; nothing where there was nothing before. A third more of what is bad warns, the double alarms. */
export function change(
  now: number | undefined,
  before: number | undefined,
  bad: boolean,
): Change | undefined {
  if (now === undefined || before === undefined || before <= 0) return undefined;
  const ratio = now / before;
  const up = ratio >= 1;
  const size = ratio >= 2 ? `${trim(ratio)}×` : `${Math.round(Math.abs(ratio - 1) * 100)} %`;
  const tone = !bad || ratio < 1.33 ? 'none' : ratio < 2 ? 'warn' : 'danger';
  return { text: `${up ? '▲' : '▼'} ${size}`, tone };
}

function trim(n: number): string {
  return n >= 10 ? String(Math.round(n)) : n.toFixed(1);
}

/** Something that is new or got worse against the time before. */
export interface Worse {
  name: string;
  what: string;
  /** How much worse; what the list is sorted by. */
  ratio: number;
  badge: string;
}

/** Fewer requests say nothing about a percentile. */
const ENOUGH = 20;
const MOST_WORSE = 5;

/** Routes whose p95 grew by half or more, or whose share of errors doubled, the worst first. */
export function worse(now: readonly Row[], before: readonly Row[]): Worse[] {
  const old = new Map(before.map((row) => [String(row.name), row]));
  const found: Worse[] = [];
  for (const row of now) {
    const name = String(row.name ?? '');
    const was = old.get(name);
    const count = numberOf(row.COUNT) ?? 0;
    if (!was || count < ENOUGH || (numberOf(was.COUNT) ?? 0) < ENOUGH) continue;
    const label = 'P95(duration_ms)';
    const [p95, p95Was] = [numberOf(row[label]), numberOf(was[label])];
    if (p95 !== undefined && p95Was && p95 / p95Was >= 1.5) {
      const ratio = p95 / p95Was;
      found.push({ name, what: `p95 ${ms(p95Was)} → ${ms(p95)}`, ratio, badge: `${trim(ratio)}×` });
    }
    const errors = (numberOf(row.errors) ?? 0) / count;
    const errorsWas = (numberOf(was.errors) ?? 0) / (numberOf(was.COUNT) ?? 1);
    if (errors >= 0.01 && errors >= 2 * errorsWas) {
      const ratio = errorsWas > 0 ? errors / errorsWas : Number.POSITIVE_INFINITY;
      const what = `errors ${percent(errorsWas)} → ${percent(errors)}`;
      found.push({ name, what, ratio, badge: Number.isFinite(ratio) ? `${trim(ratio)}×` : 'new' });
    }
  }
  return found.sort((a, b) => b.ratio - a.ratio).slice(0, MOST_WORSE);
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const ms = (n: number) => (n >= 1000 ? `${(n / 1000).toFixed(1)} s` : `${Math.round(n)} ms`);

export const msOf = (ns: string): number => toMs(nanos(ns));
