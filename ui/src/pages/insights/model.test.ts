import { describe, expect, it } from 'vitest';
import type { LogQueryAnswer } from '@/api/types.ts';
import { asCsv, asJson, columnsOf, courseOf, keysOf } from './model.ts';

type Kind = LogQueryAnswer['columns'][number]['kind'];

function answer(
  columns: readonly (readonly [string, Kind])[],
  rows: (string | null)[][],
  grouped = true,
): LogQueryAnswer {
  return {
    bytes: 0,
    columns: columns.map(([name, kind]) => ({ name, kind })),
    elapsed_us: 0,
    grouped,
    // Two minutes from 10:00.
    histogram: { counts: [3, 4], start_ns: '1795860000000000000', step_ns: '60000000000' },
    matched: 7,
    partial: false,
    rows,
    scanned: 7,
  };
}

const at = (clock: string) => Date.UTC(2026, 10, 20, ...(clock.split(':').map(Number) as [number, number]));

describe('the course', () => {
  it('of lines is their count over time', () => {
    const course = courseOf(answer([['@message', 'text']], [['a']], false), 'fields @message');
    expect(course.label).toBe('lines');
    expect(course.times).toEqual([1795860000000, 1795860060000]);
    expect(course.stepMs).toBe(60_000);
    expect(course.lines.map((line) => line.values)).toEqual([[3, 4]]);
  });

  it('of groups by a bin is the first number, at every time between the ends', () => {
    const course = courseOf(
      answer(
        [
          ['bin(5m)', 'time'],
          ['count(*)', 'number'],
          ['avg(ms)', 'number'],
        ],
        [
          ['2026-11-20 10:20:00.000', '7', '1'],
          ['2026-11-20 10:05:00.000', '2', '1'],
          ['2026-11-20 10:00:00.000', '1', '1'],
        ],
      ),
      'stats count(*), avg(ms) by bin(5m)',
    );
    expect(course.label).toBe('count(*)');
    expect(course.stepMs).toBe(300_000);
    expect(course.times).toEqual([at('10:00'), at('10:05'), at('10:10'), at('10:15'), at('10:20')]);
    expect(course.lines).toEqual([
      { label: 'count(*)', colour: 'h5', round: 0, values: [1, 2, null, null, 7] },
    ]);
  });

  it('of groups by a bin and more has a line for each of these', () => {
    const course = courseOf(
      answer(
        [
          ['bin(1m)', 'time'],
          ['path', 'text'],
          ['n', 'number'],
        ],
        [
          ['2026-11-20 10:00:00.000', '/a', '1'],
          ['2026-11-20 10:00:00.000', null, '5'],
          ['2026-11-20 10:01:00.000', '/a', '2'],
        ],
      ),
      'stats count(*) as n by bin(1m), path',
    );
    expect(course.lines.map(({ label, values }) => [label, values])).toEqual([
      ['/a', [1, 2]],
      ['–', [5, null]],
    ]);
    expect(new Set(course.lines.map((line) => line.colour)).size).toBe(2);
  });

  it('of groups by a bin with a name of its own is over that bin', () => {
    const course = courseOf(
      answer(
        [
          ['t', 'time'],
          ['n', 'number'],
        ],
        [
          ['2026-11-20 10:01:00.000', '2'],
          ['2026-11-20 10:00:00.000', '1'],
        ],
      ),
      'stats count(*) as n by bin(1m) as t | sort t',
    );
    expect(course.lines.map(({ label, values }) => [label, values])).toEqual([['n', [1, 2]]]);
  });

  it('of groups by a bin and a number takes no key for a figure', () => {
    const course = courseOf(
      answer(
        [
          ['bin(1m)', 'time'],
          ['status', 'number'],
          ['n', 'number'],
        ],
        [
          ['2026-11-20 10:00:00.000', '200', '9'],
          ['2026-11-20 10:01:00.000', '500', '2'],
        ],
      ),
      'stats count(*) as n by bin( 1m ), status',
    );
    expect(course.label).toBe('n');
    expect(course.lines.map(({ label, values }) => [label, values])).toEqual([
      ['200', [9, null]],
      ['500', [null, 2]],
    ]);
  });

  it('of groups whose only time is a figure of theirs is the count of lines', () => {
    const course = courseOf(
      answer(
        [
          ['@logStream', 'text'],
          ['n', 'number'],
          ['last', 'time'],
        ],
        [['s', '1', '2026-11-20 10:00:00.000']],
      ),
      'stats count(*) as n, max(@timestamp) as last by @logStream',
    );
    expect(course.label).toBe('lines');
  });
});

it.each([
  ['fields @message | limit 5', []],
  ['stats count(*)', []],
  ['stats count(*) by bin(5m)', ['bin(5m)']],
  ['stats sum(a) as s by `a.b`, concat(x, y) as z # by q', ['a.b', 'z']],
  ['stats count(*) by x | stats max(n) by y\n| sort y', ['y']],
  ['filter @message like /a|by/ | stats count(*) by x', ['x']],
])('the keys of “%s”', (query, keys) => {
  expect(keysOf(query)).toEqual(keys);
});

describe('export', () => {
  const lines = answer(
    [
      ['@message', 'text'],
      ['n', 'number'],
      ['@ptr', 'text'],
    ],
    [
      ['=HYPERLINK("x")', '-1.5', 'p'],
      [null, null, 'q'],
    ],
    false,
  );

  it('leaves the pointer out', () => {
    expect(columnsOf(lines).map((one) => one.name)).toEqual(['@message', 'n']);
  });

  it('as CSV runs no formula, and keeps numbers', () => {
    expect(asCsv(lines)).toBe(`'@message,n\r\n"'=HYPERLINK(""x"")",-1.5\r\n,\r\n`);
  });

  it('as JSON has objects', () => {
    expect(JSON.parse(asJson(lines))).toEqual([
      { '@message': '=HYPERLINK("x")', n: -1.5 },
      { '@message': null, n: null },
    ]);
  });
});
