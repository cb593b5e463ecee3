import { expect, test } from 'vitest';
import type { Request, RequestRow } from '@/api/types.ts';
import { countsOf, placed, sureness, titleOf } from './model.ts';

const row = (over: Partial<RequestRow>): RequestRow => ({
  dataset: 'd',
  event_id: 'e',
  join: 0,
  source: 'spans',
  table: 'spans',
  ts_ns: '1000',
  ...over,
});

const request: Request = {
  start_ns: '1000',
  end_ns: '2000',
  joins: [
    { reason: 'asked', score: 1, source: 'spans', tier: 'asked' },
    { reason: 'same path and time', score: 0.923, source: 'lines', tier: 'assignment', to: 0 },
  ],
  notices: [],
  rows: [
    row({ span_id: 'a', duration_ns: '1000', name: 'GET /' }),
    row({ span_id: 'b', parent_id: 'a', ts_ns: '1250', duration_ns: '500', name: 'child' }),
    row({ source: 'lines', table: 'logs', join: 1, ts_ns: '1500', body: 'a line', name: 'x' }),
  ],
  stats: {
    rows_examined: 0,
    bytes_total: 0,
    bytes_scanned: 0,
    parts_total: 0,
    parts_skipped: 0,
    elapsed_us: 0,
  },
  threshold: 0.7,
  unattached: [],
};

test('rows stand where their time is, children below their parent', () => {
  const list = placed(request);
  expect(list.map((one) => [one.depth, one.left, one.width])).toEqual([
    [0, 0, 1],
    [1, 0.25, 0.5],
    [0, 0.5, undefined],
  ]);
  expect(list[2]?.join?.tier).toBe('assignment');
});

test('sources are counted in one order', () => {
  expect(countsOf(request)).toEqual([
    ['spans', 2],
    ['lines', 1],
  ]);
});

test('a line is called by its text, a span by its name', () => {
  expect(request.rows.map(titleOf)).toEqual(['GET /', 'child', 'a line']);
});

test('a join says how sure it is', () => {
  expect(request.joins.map(sureness)).toEqual(['opened', '92 % sure']);
});
