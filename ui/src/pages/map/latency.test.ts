import { describe, expect, it } from 'vitest';
import { parseSelection } from '@/query/selection.ts';
import { parseClause } from '@/query/text.ts';
import {
  brushOf,
  bubbleSearch,
  drawnBrush,
  histogramOf,
  parseBrush,
  renderBrush,
  slowestOf,
  slowestQuery,
  tracesSearch,
} from './latency.ts';

describe('a brush', () => {
  it('is kept in the address, and nonsense there is none', () => {
    for (const brush of [
      { min: 900, max: 5200 },
      { min: 0, max: 0.25 },
      { min: 1.5, max: 2.75 },
    ]) {
      expect(parseBrush(renderBrush(brush))).toEqual(brush);
    }
    for (const text of [
      undefined,
      '',
      '5',
      '..',
      '9..',
      '..9',
      '9..3',
      '3..3',
      '-1..3',
      'a..b',
      '1..Infinity',
    ]) {
      expect(parseBrush(text), String(text)).toBeUndefined();
    }
  });

  it('is typed as two lengths with something between them', () => {
    expect(brushOf('20', ' 40 ')).toEqual({ min: 20, max: 40 });
    expect(brushOf('', '40')).toBeUndefined();
    expect(brushOf('20', '')).toBeUndefined();
    expect(brushOf('40', '20')).toBeUndefined();
    expect(brushOf('x', '20')).toBeUndefined();
  });

  it('is drawn in either direction, and holds what was drawn over', () => {
    const axis = { lo: 1, hi: 5000 };
    expect(drawnBrush(123.456, 1234.56, axis)).toEqual({ min: 123, max: 1240 });
    expect(drawnBrush(1234.56, 123.456, axis)).toEqual({ min: 123, max: 1240 });
    expect(drawnBrush(300, 300, axis)).toBeUndefined();
  });

  it('holds all beyond an end of the axis', () => {
    const axis = { lo: 1, hi: 5000 };
    expect(drawnBrush(1, 10, axis)).toEqual({ min: 0, max: 10 });
    expect(drawnBrush(10, 5000, axis)?.max).toBeGreaterThan(5000);
  });
});

it('a histogram adds up what lies in each bin at any time', () => {
  const map = { min: [1, 10, 100], max: [10, 100, 1000], peak: 4, cells: [0, 0, 3, 0, 2, 1, 5, 0, 4] };
  expect(histogramOf(map)).toEqual([
    { min: 1, max: 10, count: 7 },
    { min: 10, max: 100, count: 0 },
    { min: 100, max: 1000, count: 1 },
  ]);
});

describe('what is asked of a brush', () => {
  const hostile = `a" or name = "b`;
  const brush = { min: 900, max: 5200 };
  const range = { start_time: 1, end_time: 2 };

  it('is the same filter in the panel and in Explore, whatever the service is called', () => {
    const asked = parseClause.filters(tracesSearch(hostile, brush, '-1h').w);
    expect(asked.filters).toEqual(slowestQuery(hostile, range, brush).filters);
    expect(asked.combination).toBe('AND');
  });

  it('opens BubbleUp over the range of the map', () => {
    const map = { start_ns: '1772532000000000001', end_ns: '1772532060000000000' };
    expect(parseSelection(bubbleSearch(hostile, brush, map, '-1h').sel)).toEqual({
      column: 'duration_ms',
      startNs: 1_772_532_000_000_000_001n,
      endNs: 1_772_532_060_000_000_000n,
      ...brush,
    });
  });

  it('is told by trace; a row without a length or a trace is no line of the list', () => {
    const results = [
      { 'trace.trace_id': 'a1', name: 'GET /', 'MAX(duration_ms)': 80.5, errors: 1 },
      { 'trace.trace_id': 'a2', name: null, 'MAX(duration_ms)': 40, errors: 0 },
      { 'trace.trace_id': null, name: 'GET /', 'MAX(duration_ms)': 30, errors: 0 },
      { 'trace.trace_id': 'a3', name: 'GET /', 'MAX(duration_ms)': null, errors: 0 },
    ];
    expect(slowestOf({ results } as unknown as Parameters<typeof slowestOf>[0])).toEqual([
      { trace: 'a1', name: 'GET /', ms: 80.5, failed: true },
      { trace: 'a2', name: 'no name', ms: 40, failed: false },
    ]);
  });
});
