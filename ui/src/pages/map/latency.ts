/** How long the calls of one service took: a histogram, a part of it, and what is asked about that part. Pure. */
import type { Answer, Bin, Heatmap, QuerySpec, ServiceMap } from '@/api/types.ts';
import { nanos } from '@/lib/time.ts';
import { renderSelection } from '@/query/selection.ts';
import { renderValue } from '@/query/text.ts';

/** A part of the axis, milliseconds; `min` is inside, `max` is not. */
export interface Brush {
  min: number;
  max: number;
}

/** Traces told by name. */
export const SLOWEST = 5;

/** Reads `900..5200`; nonsense is no brush. */
export function parseBrush(text: string | undefined): Brush | undefined {
  const parts = /^([^.]+(?:\.\d+)?)\.\.(.+)$/.exec(text ?? '');
  return parts ? brushOf(parts[1] ?? '', parts[2] ?? '') : undefined;
}

/** Two typed ends; `undefined` when they are no lengths, or nothing lies between them. */
export function brushOf(from: string, to: string): Brush | undefined {
  if (from.trim() === '' || to.trim() === '') return undefined;
  const [min, max] = [Number(from), Number(to)];
  return Number.isFinite(min) && Number.isFinite(max) && min >= 0 && max > min ? { min, max } : undefined;
}

export const renderBrush = ({ min, max }: Brush): string => `${min}..${max}`;

/** Three digits, away from zero or towards it. */
function rounded(value: number, to: 'floor' | 'ceil'): number {
  if (!(value > 0)) return 0;
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return Number((Math[to](Number((value / step).toPrecision(12))) * step).toPrecision(3));
}

/**
 * What was drawn from one value to another, in either direction, with ends that can be read. The ends of the
 * axis mean "and all beyond": zero has no place on a logarithm, and the longest call must not be left out.
 */
export function drawnBrush(a: number, b: number, axis: { lo: number; hi: number }): Brush | undefined {
  const [least, most] = [Math.min(a, b), Math.max(a, b)];
  const min = least <= axis.lo ? 0 : rounded(least, 'floor');
  const max = rounded(most >= axis.hi ? axis.hi * 1.001 : most, 'ceil');
  return max > min ? { min, max } : undefined;
}

/** Counts of all buckets of time together; the weights of sampled rows are in them. */
export function histogramOf(map: Heatmap): Bin[] {
  const counts = map.min.map(() => 0);
  for (let i = 0; i + 2 < map.cells.length; i += 3) {
    const bin = map.cells[i + 1] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + (map.cells[i + 2] ?? 0);
  }
  return map.min.map((min, i) => ({ min, max: map.max[i] ?? min, count: counts[i] ?? 0 }));
}

type Filters = NonNullable<QuerySpec['filters']>;

const timed = (service: string): Filters => [
  { column: 'service.name', op: '=', value: service },
  { column: 'duration_ms', op: 'exists' },
];

const within = (service: string, { min, max }: Brush): Filters => [
  { column: 'service.name', op: '=', value: service },
  { column: 'duration_ms', op: '>=', value: min },
  { column: 'duration_ms', op: '<', value: max },
];

/** The map's own range: what is beside it must be of the same time. */
export function rangeOf(map: Pick<ServiceMap, 'start_ns' | 'end_ns'>) {
  return { start_time: Number(map.start_ns) / 1e9, end_time: Number(map.end_ns) / 1e9 };
}

type Range = ReturnType<typeof rangeOf>;

export function histogramQuery(service: string, range: Range): QuerySpec {
  return {
    ...range,
    calculations: [{ op: 'HEATMAP', column: 'duration_ms' }],
    filters: timed(service),
  };
}

/** How many rows lie in the brush, exactly: bins may be cut by its ends. */
export function countQuery(service: string, range: Range, brush: Brush): QuerySpec {
  return { ...range, calculations: [{ op: 'COUNT' }], filters: within(service, brush) };
}

export function slowestQuery(service: string, range: Range, brush: Brush): QuerySpec {
  return {
    ...range,
    calculations: [
      { op: 'MAX', column: 'duration_ms' },
      { op: 'COUNT', name: 'errors', filters: [{ column: 'error', op: '=', value: true }] },
    ],
    breakdowns: ['trace.trace_id', 'name'],
    filters: [...within(service, brush), { column: 'trace.trace_id', op: 'exists' }],
    orders: [{ op: 'MAX', column: 'duration_ms', order: 'descending' }],
    limit: SLOWEST,
  };
}

export function linesQuery(service: string, range: Range): QuerySpec {
  return {
    ...range,
    calculations: [{ op: 'COUNT' }],
    filters: [
      { column: 'meta.signal_type', op: '=', value: 'log' },
      { column: 'service.name', op: '=', value: service },
    ],
  };
}

/** The only number of an answer without groups. */
export function countOf(answer: Answer | undefined): number | undefined {
  const n = answer?.results[0]?.COUNT;
  return typeof n === 'number' ? n : undefined;
}

export interface Slow {
  trace: string;
  name: string;
  ms: number;
  failed: boolean;
}

export function slowestOf(answer: Answer): Slow[] {
  return answer.results.flatMap((row) => {
    const [trace, name, ms] = [row['trace.trace_id'], row.name, row['MAX(duration_ms)']];
    if (typeof trace !== 'string' || typeof ms !== 'number') return [];
    return [{ trace, name: typeof name === 'string' ? name : 'no name', ms, failed: Number(row.errors) > 0 }];
  });
}

/**
 * Explore with the traces of a service, or of a brush, slowest first. A trace counts by any of its calls, not only by its
 * root: a service that is only called has no roots.
 */
export function tracesSearch(service: string, brush: Brush | undefined, t: string) {
  const taken = brush ? `duration_ms >= ${brush.min} and duration_ms < ${brush.max}` : 'duration_ms exists';
  return {
    v: 'MAX(duration_ms),COUNT',
    w: `service.name = ${renderValue(service)} and ${taken} and trace.trace_id exists`,
    g: 'trace.trace_id',
    o: 'MAX(duration_ms) desc',
    t,
  };
}

/** BubbleUp of the brush against all other calls of the service. */
export function bubbleSearch(
  service: string,
  { min, max }: Brush,
  map: Pick<ServiceMap, 'start_ns' | 'end_ns'>,
  t: string,
) {
  return {
    v: 'HEATMAP(duration_ms),P95(duration_ms)',
    w: `service.name = ${renderValue(service)} and duration_ms exists`,
    t,
    tab: 'bubbleup',
    sel: renderSelection({
      column: 'duration_ms',
      startNs: nanos(map.start_ns),
      endNs: nanos(map.end_ns),
      min,
      max,
    }),
  };
}
