import { describe, expect, test } from 'vitest';
import type { Answer, Dataset } from '@/api/types.ts';
import { change, courseOf, figureOf, minutesOf, ranges, sourceOf, worse } from './model.ts';
import { lengthOf } from './search.ts';

const dataset = (kind: string, rows = 1): Dataset => ({
  slug: kind,
  name: kind,
  kind,
  created_ns: '1',
  rows,
});

test('requests are counted in one source, OpenTelemetry first', () => {
  expect(sourceOf([dataset('log_group'), dataset('segments'), dataset('service')])).toBe('otlp');
  expect(sourceOf([dataset('service', 0), dataset('segments')])).toBe('xray');
  expect(sourceOf([dataset('events')])).toBe('events');
  expect(sourceOf([dataset('log_group')])).toBeUndefined();
});

describe('a change', () => {
  test('says percents, then times', () => {
    expect(change(104, 100, false)).toEqual({ text: '▲ 4 %', tone: 'none' });
    expect(change(99, 100, true)).toEqual({ text: '▼ 1 %', tone: 'none' });
    expect(change(138, 100, true)).toEqual({ text: '▲ 38 %', tone: 'warn' });
    expect(change(310, 100, true)).toEqual({ text: '▲ 3.1×', tone: 'danger' });
  });
  test('more requests are no alarm', () => {
    expect(change(310, 100, false)?.tone).toBe('none');
  });
  test('nothing before says nothing', () => {
    expect(change(5, 0, true)).toBeUndefined();
    expect(change(5, undefined, true)).toBeUndefined();
  });
});

test('both ranges have the same length and meet', () => {
  const { now, before } = ranges(1_700_000_007_000, 3600);
  expect(now.end_time).toBe(1_700_000_010);
  expect(now.end_time - now.start_time).toBe(3600);
  expect(before.end_time).toBe(now.start_time);
  expect(before.end_time - before.start_time).toBe(3600);
});

describe('new or worse', () => {
  const row = (name: string, count: number, p95: number, errors = 0) => ({
    name,
    COUNT: count,
    'P95(duration_ms)': p95,
    errors,
  });
  test('a slower route and a failing one, the worst first', () => {
    const found = worse(
      [row('a', 100, 2900), row('b', 100, 100, 8), row('c', 100, 120)],
      [row('a', 100, 246), row('b', 100, 100, 2), row('c', 100, 100)],
    );
    expect(found.map((one) => [one.name, one.what, one.badge])).toEqual([
      ['a', 'p95 246 ms → 2.9 s', '12×'],
      ['b', 'errors 2.0 % → 8.0 %', '4.0×'],
    ]);
  });
  test('few requests prove nothing', () => {
    expect(worse([row('a', 5, 9000)], [row('a', 100, 100)])).toEqual([]);
    expect(worse([row('a', 100, 9000)], [row('a', 5, 100)])).toEqual([]);
  });
  test('errors where there were none are new', () => {
    expect(worse([row('a', 100, 10, 5)], [row('a', 100, 10, 0)])[0]?.badge).toBe('new');
  });
});

test('a young environment opens on the last quarter of an hour, an old one on the last hour', () => {
  const at = (minutes: number) => ({
    ...dataset('service'),
    created_ns: `${(10_000 - minutes) * 60}000000000`,
  });
  const now = 10_000 * 60_000;
  expect(lengthOf(undefined, [at(3)], now).value).toBe('-15m');
  expect(lengthOf(undefined, [at(40)], now).value).toBe('-1h');
  expect(lengthOf(undefined, [at(3), at(4000)], now).value).toBe('-1h');
  expect(lengthOf('-24h', [at(3)], now).value).toBe('-24h');
  expect(lengthOf('nonsense', [], now).value).toBe('-1h');
});

test('rates are over the time there can be data', () => {
  const range = { start_time: 600, end_time: 4200 };
  expect(minutesOf(range, [{ ...dataset('service'), created_ns: '3900000000000' }])).toBe(5);
  expect(minutesOf(range, [{ ...dataset('service'), created_ns: '1000000000' }])).toBe(60);
});

test('the course has the steps that are over and lie wholly in the range', () => {
  const s = (seconds: number) => String(BigInt(seconds) * 1_000_000_000n);
  // Asked at 94 s after: the end is rounded up to 100.
  const answer = {
    start_ns: s(10),
    end_ns: s(100),
    first_bucket_ns: s(0),
    step_ns: s(30),
    series: [{ lines: [{ kind: 'numbers', values: [1, 7, 8, 2] }] }],
  } as unknown as Answer;
  expect(courseOf(answer, 0)).toEqual([7, 8]);
  expect(courseOf(undefined, 0)).toEqual([]);
});

test('a figure stands apart from its unit', () => {
  expect(figureOf('35.5 ms')).toEqual({ figure: '35.5', unit: 'ms' });
  expect(figureOf('2 min 5 s')).toEqual({ figure: '2 min 5 s', unit: '' });
  expect(figureOf('0')).toEqual({ figure: '0', unit: '' });
});
