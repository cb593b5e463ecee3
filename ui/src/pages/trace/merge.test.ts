import { describe, expect, it } from 'vitest';
import type { Request, RequestRow, TraceRow } from '@/api/types.ts';
import { at, eventIdAt, spanIdAt } from './columns.ts';
import { findRow, rowName, startOf, tag, title } from './describe.ts';
import { answerOf, type FixtureRow, outline, pack, spanId } from './fixture.ts';
import { layoutTrace } from './layout.ts';
import { layOutHere, mergeHere } from './load.ts';
import { loneRow, sureness, whyOf } from './merge.ts';

const BASE = 1_760_000_000_000_000_000n;
const ms = (n: number) => String(BASE + BigInt(n * 1e6));
const id = (n: number) => n.toString(16).padStart(32, 'a');
const base = (rows: FixtureRow[]) => layOutHere(JSON.stringify(answerOf(rows))).data;

const row = (over: Partial<RequestRow>): RequestRow => ({
  dataset: 'logs-cruddur',
  event_id: id(1),
  join: 1,
  source: 'lines',
  table: 'logs',
  ts_ns: ms(0),
  in_progress: false,
  ...over,
});
const request = (over: Partial<Request>): Request => ({
  start_ns: ms(0),
  end_ns: ms(200),
  joins: [{ reason: 'the span asked for', score: 1, source: 'spans', tier: 'asked' }],
  notices: [],
  rows: [],
  stats: {
    rows_examined: 0,
    bytes_total: 0,
    bytes_scanned: 0,
    parts_total: 0,
    parts_skipped: 0,
    elapsed_us: 0,
  },
  threshold: 0.8,
  unattached: [],
  ...over,
});
const assigned = {
  reason: 'no shared id; GET, /home',
  score: 0.923,
  source: 'lines',
  tier: 'assignment',
  to: 0,
} as const;

const trace = [
  { id: 'root', name: 'GET /home', start: 0, length: 200e6 },
  { id: 'child', parent: 'root', start: 50e6, length: 100e6 },
];

describe('a request', () => {
  it('has the rows of its trace, what was joined where its time is, and what was not behind all', () => {
    const { data, layout } = mergeHere(
      base(trace),
      request({
        joins: [
          request({}).joins[0] as Request['joins'][0],
          assigned,
          { reason: 'assigned segment', score: 0.8, source: 'segments', tier: 'assignment', to: 0 },
        ],
        rows: [
          row({ body: 'INFO Test log', ts_ns: ms(60) }),
          row({
            source: 'segments',
            table: 'spans',
            join: 2,
            trace_id: 'f'.repeat(32),
            event_id: id(2),
            // The id of a span of the other trace: it names another thing there.
            span_id: spanId('root'),
            service: 'backend-flask',
            name: 'segment',
            ts_ns: ms(1),
            duration_ns: '150000000',
          }),
          row({
            source: 'segments',
            table: 'spans',
            join: 2,
            trace_id: 'f'.repeat(32),
            event_id: id(3),
            span_id: spanId('sub'),
            parent_id: spanId('root'),
            name: 'subsegment',
            ts_ns: ms(2),
            duration_ns: '10000000',
          }),
        ],
        unattached: [
          {
            event_id: id(4),
            ts_ns: ms(40),
            dataset: 'd',
            body: 'maybe',
            source: 'lines',
            score: 0.55,
            reason: 'r',
          },
        ],
      }),
    );
    const rows = Array.from({ length: layout.count }, (_, p) => {
      const depth = '  '.repeat(layout.depth[p] ?? 0);
      return `${depth}${tag(layout, p)} ${title(data, layout, p)} ${startOf(layout, p)}`;
    });
    expect(rows).toEqual([
      'OT GET /home +0 ms',
      '  XR segment +1 ms',
      '    XR subsegment +2 ms',
      '  OT child +50 ms',
      '    LOG INFO Test log +60 ms',
      'LOG maybe +40 ms',
    ]);
    expect([layout.joined, layout.count]).toEqual([5, 6]);
    for (let p = 0; p < layout.count; p += 1) {
      expect(findRow(data, layout, rowName(data, layout, p))).toBe(p);
    }
  });

  it('keeps its zero when a segment of it began before the trace', () => {
    const { data, layout } = mergeHere(
      base(trace),
      request({
        rows: [
          row({
            source: 'segments',
            table: 'spans',
            span_id: spanId('x'),
            name: 'early',
            ts_ns: ms(-3),
            duration_ns: '210000000',
          }),
        ],
      }),
    );
    expect(startOf(layout, 0)).toBe('+0 ms');
    expect(startOf(layout, findRow(data, layout, spanId('x')))).toBe('−3 ms');
    expect(layout.from).toBe(-3e6);
  });

  it('says of each row why it is there', () => {
    const joins: Request['joins'] = [
      { reason: 'the span asked for', score: 1, source: 'spans', tier: 'asked' },
      assigned,
      { reason: 'the same trace id', score: 1, source: 'lines', tier: 'id', to: 0 },
    ];
    const { data, story } = mergeHere(
      base([...trace, { id: 'root', name: 'own line', table: 'logs', start: 5e6 }]),
      request({
        joins,
        rows: [row({})],
        unattached: [
          { event_id: id(9), ts_ns: ms(1), dataset: 'd', source: 'lines', score: 0.5, reason: 'near' },
        ],
      }),
    );
    const why = (i: number) => {
      const found = whyOf(data, story, i);
      return found?.joined ? found.join.reason : found?.near.reason;
    };
    expect([0, 1, 2, 3, 4].map(why)).toEqual([
      'the span asked for',
      'the span asked for',
      'the same trace id',
      'no shared id; GET, /home',
      'near',
    ]);
    expect(joins.map(sureness)).toEqual(['opened', 'assigned, 92 % sure', 'same trace id']);
    expect(whyOf(data, undefined, 0)).toBeUndefined();
  });
});

describe('a row that stands alone', () => {
  const alone: TraceRow = {
    event_id: id(7),
    ts_ns: ms(100),
    table: 'logs',
    dataset: 'logs-cruddur',
    fields: { body: 'GET /home 200', severity: 'ERROR', 'meta.source': 'cloudwatch' },
  };

  it('is a request of one row', () => {
    const data = loneRow(alone);
    const layout = layoutTrace(data);
    expect([data.count, data.own, eventIdAt(data, 0)]).toEqual([1, 1, id(7)]);
    expect(title(data, layout, 0)).toBe('GET /home 200');
  });

  it('goes to its place when its spans come, once, and times count from them', () => {
    const asked = { reason: 'the line asked for', score: 1, source: 'lines', tier: 'asked' } as const;
    const span = { source: 'spans', table: 'spans', trace_id: 'e'.repeat(32), service: 'web' } as const;
    const { data, layout, story } = mergeHere(
      loneRow(alone),
      request({
        joins: [asked, { ...assigned, source: 'spans' }],
        rows: [
          row({
            ...span,
            event_id: id(8),
            span_id: spanId('r'),
            name: 'root',
            ts_ns: ms(0),
            duration_ns: '200000000',
          }),
          row({ event_id: id(7), join: 0, ts_ns: ms(100) }),
        ],
      }),
    );
    expect(outline(data, layout)).toMatch(/^root\n {2}/u);
    expect(layout.count).toBe(2);
    expect(at(layout.row, 1)).toBe(0);
    expect(startOf(layout, 1)).toBe('+100 ms');
    expect(whyOf(data, story, 0)).toMatchObject({ join: asked });
    expect(spanIdAt(data, 1)).toBe(spanId('r'));
  });
});

it('packing a trace alone gives no story', () => {
  const { data, layout } = pack(trace);
  expect([layout.joined, data.own]).toEqual([2, 2]);
});
