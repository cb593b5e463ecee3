import { describe, expect, it } from 'vitest';
import type { Answer, Facets } from '@/api/types.ts';
import { EMPTY } from '@/query/model.ts';
import { gridOf } from '@/viz/answer.ts';
import { columnsOf, distribution, findings, pairsOf, shortName } from './bubble.ts';
import { columnsFor } from './events.ts';
import { groupFilters, isEmpty, linesOf, narrowed, sortedRows } from './model.ts';

const answer: Answer = {
  asked: { query: {}, text: '' },
  start_ns: '1772532000500000000',
  end_ns: '1772532003000000000',
  step_ns: '1000000000',
  first_bucket_ns: '1772532000000000000',
  buckets: 3,
  calculations: [{ label: 'COUNT', op: 'COUNT', column: null }],
  breakdowns: ['name', 'code'],
  results: [
    { name: 'a', code: 200, COUNT: 3 },
    { name: null, COUNT: 10 },
    { name: 'b', code: '500', COUNT: null },
  ],
  series: [
    { lines: [{ kind: 'numbers', values: [1, 2, 0] }] },
    { lines: [{ kind: 'numbers', values: [10, 0, 0] }] },
    { lines: [{ kind: 'numbers', values: [0, 0, 0] }] },
  ],
  total: { COUNT: 13 },
  total_series: null,
  other: null,
  groups_seen: 3,
  approximate: false,
  notices: [],
  stats: {
    rows_examined: 13,
    bytes_total: 1,
    bytes_scanned: 1,
    parts_total: 1,
    parts_skipped: 0,
    elapsed_us: 1,
  },
};

describe('an answer', () => {
  it('has a grid in milliseconds', () => {
    expect(gridOf(answer)).toEqual({
      firstMs: 1_772_532_000_000,
      stepMs: 1000,
      buckets: 3,
      startMs: 1_772_532_000_500,
      endMs: 1_772_532_003_000,
    });
  });

  it('has a line per group, with a name that says absence', () => {
    expect(linesOf(answer, 0).map((line) => [line.label, line.values[0]])).toEqual([
      ['a, 200', 1],
      ['(no value), (no value)', 10],
      ['b, 500', 0],
    ]);
  });

  it('sorts with null last either way', () => {
    expect(sortedRows(answer.results, 'COUNT', true)).toEqual([1, 0, 2]);
    expect(sortedRows(answer.results, 'COUNT', false)).toEqual([0, 1, 2]);
    expect(sortedRows(answer.results, 'name', true)).toEqual([2, 0, 1]);
  });

  it('tells a group by its keys, also by an absent one', () => {
    expect(groupFilters(answer, 0)).toEqual([
      { column: 'name', op: '=', value: 'a' },
      { column: 'code', op: '=', value: 200 },
    ]);
    expect(groupFilters(answer, 1).map((one) => one.op)).toEqual(['does-not-exist', 'does-not-exist']);
  });

  it('is empty when all is null or 0', () => {
    expect(isEmpty(answer)).toBe(false);
    expect(isEmpty({ ...answer, series: answer.series.slice(2) })).toBe(true);
  });

  it('is not widened by a further condition beside OR', () => {
    const filters = [
      { column: 'a', op: 'exists' as const },
      { column: 'b', op: 'exists' as const },
    ];
    const more = [{ column: 'c', op: 'exists' as const }];
    expect(narrowed({ ...EMPTY, filters, combination: 'OR' }, 1n, 2n, more).filters).toEqual(filters);
    expect(narrowed({ ...EMPTY, filters }, 1n, 2n, more).filters).toHaveLength(3);
  });
});

describe('BubbleUp in words', () => {
  const facets: Facets = {
    selected: 100,
    baseline: 1000,
    fields: [
      {
        field: 'trace.trace_id',
        difference: 1,
        is_id: true,
        shape: {
          kind: 'values',
          bars: [{ value: 'x', selected: 90, baseline: 0 }],
          others: [0, 0],
          distinct: 1,
        },
      },
      {
        field: 'host',
        difference: 0.02,
        is_id: false,
        shape: {
          kind: 'values',
          bars: [{ value: 'h', selected: 52, baseline: 500 }],
          others: [0, 0],
          distinct: 2,
        },
      },
      {
        field: 'app.handle',
        difference: 0.9,
        is_id: false,
        shape: {
          kind: 'values',
          bars: [
            { value: 'lore', selected: 2, baseline: 900 },
            { value: 'andrew', selected: 92, baseline: 10 },
          ],
          others: [6, 90],
          distinct: 5,
        },
      },
    ],
    fields_total: 3,
    rows_looked_at: 1100,
    sampled: false,
    stats: answer.stats,
  };

  it('names the value that is more frequent inside, no id and no noise', () => {
    expect(findings(facets)).toEqual([
      {
        field: 'app.handle',
        bar: { value: 'andrew', selected: 92, baseline: 10 },
        selected: '92 %',
        baseline: '1 %',
      },
    ]);
  });

  it('gives shares, also of nothing', () => {
    const [, , handle] = facets.fields;
    if (!handle) throw new Error('the fixture has three fields');
    expect(pairsOf(handle, facets)[1]).toMatchObject({ selected: 0.92, baseline: 0.01 });
    expect(pairsOf(handle, { ...facets, selected: 0 })[0]?.selected).toBe(0);
  });

  it('without a selection is how fields are distributed, whichever side the rows were counted on', () => {
    const bin = { min: 0, max: 1, count: 4 };
    const whole = distribution({
      ...facets,
      selected: 4,
      baseline: 0,
      fields: [
        {
          field: 'service.name',
          difference: 0,
          is_id: false,
          shape: {
            kind: 'values',
            bars: [
              { value: 'a', selected: 3, baseline: 0 },
              { value: 'b', selected: 1, baseline: 0 },
            ],
            others: [0, 0],
            distinct: 2,
          },
        },
        {
          field: 'duration_ms',
          difference: 0,
          is_id: false,
          shape: { kind: 'measure', selected: [bin], baseline: [] },
        },
      ],
    });
    const [values, measure] = whole.fields;
    if (!values || !measure) throw new Error('there are two fields');
    expect(pairsOf(values, whole).map((pair) => [pair.name, pair.baseline])).toEqual([
      ['a', 0.75],
      ['b', 0.25],
    ]);
    expect(measure.shape).toEqual({ kind: 'measure', selected: [], baseline: [bin] });
  });

  it('keeps the telling end of a path', () => {
    expect(shortName('/api/messages/@andrewbrown')).toBe('…/@andrewbrown');
    expect(shortName('/api/activities/home')).toBe('…/activities/home');
    expect(shortName('GET /api/activities/home')).toBe('GET …/home');
    expect(shortName('andrewbrown')).toBe('andrewbrown');
  });

  it('folds histograms to as many columns as fit, each by its own peak', () => {
    const bins = Array.from({ length: 80 }, (_, i) => ({ min: i, max: i + 1, count: i }));
    const columns = columnsOf(bins, bins.slice(0, 40), 36);
    expect(columns.length).toBeLessThanOrEqual(36);
    expect(Math.max(...columns.map((one) => one.selected))).toBe(1);
    expect(Math.max(...columns.map((one) => one.baseline))).toBe(1);
    expect(columns.at(-1)?.max).toBe(80);
  });
});

describe('columns of events', () => {
  it('show what was asked for, and only what is there', () => {
    const rows = [{ name: 'x', 'app.handle': 'y', 'service.name': 's' }];
    const columns = columnsFor(rows, { ...EMPTY, breakdowns: ['app.handle', 'gone'] });
    expect(columns).toEqual(['name', 'service.name', 'app.handle']);
  });
});
