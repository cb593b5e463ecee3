import { describe, expect, it } from 'vitest';
import { at } from './columns.ts';
import { criticalPath, timeOn } from './critical.ts';
import { type FixtureRow, pack, randomRows } from './fixture.ts';

/** The parts of each row that is on the path, in milliseconds. */
function parts(rows: readonly FixtureRow[]): Record<string, string> {
  const ms = rows.map((row) => ({
    ...row,
    start: (row.start ?? 0) * 1e6,
    ...(row.length === undefined ? {} : { length: row.length * 1e6 }),
  }));
  const { data, layout } = pack(ms);
  const path = criticalPath(layout);
  const out: Record<string, string> = {};
  for (let p = 0; p < layout.count; p += 1) {
    const texts: string[] = [];
    for (let i = at(path.first, p); i < at(path.first, p + 1); i += 1) {
      texts.push(`${at(path.from, i) / 1e6}-${at(path.to, i) / 1e6}`);
    }
    const row = at(layout.row, p);
    if (texts.length > 0) out[row < 0 ? '?' : (data.strings[at(data.name, row)] ?? '')] = texts.join(' ');
  }
  return out;
}

const root: FixtureRow = { id: 'r', start: 0, length: 100 };
const child = (id: string, start: number, length: number, more: FixtureRow = {}): FixtureRow => ({
  id,
  parent: 'r',
  start,
  length,
  ...more,
});

describe('the critical path', () => {
  it.each<[string, FixtureRow[], Record<string, string>]>([
    ['is all of a span without children', [root], { r: '0-100' }],
    [
      'goes through calls that follow one another, and what lies between',
      [root, child('a', 10, 20), child('b', 40, 50)],
      { r: '0-10 30-40 90-100', a: '10-30', b: '40-90' },
    ],
    [
      'leaves out the one of two at once that had ended before: nobody waited for it',
      [root, child('a', 10, 50), child('b', 40, 50)],
      { r: '0-40 90-100', b: '40-90' },
    ],
    [
      'leaves out what outlives its parent: it was handed on',
      [root, child('a', 10, 20), child('b', 40, 80)],
      { r: '0-10 30-100', a: '10-30' },
    ],
    [
      'takes one that ends within a stamp of its parent as ended with it',
      [root, child('a', 10, 90.5)],
      { r: '0-10', a: '10-100' },
    ],
    [
      'goes down to calls of calls',
      [root, child('a', 10, 80), child('b', 20, 60, { parent: 'a' })],
      { r: '0-10 90-100', a: '10-20 80-90', b: '20-80' },
    ],
    [
      'knows of a parent that never arrived its children alone',
      [
        { id: 'a', parent: 'x', start: 0, length: 10 },
        { id: 'b', parent: 'x', start: 20, length: 10 },
      ],
      { a: '0-10', b: '20-30' },
    ],
    [
      'leaves out what had not ended',
      [root, { id: 'a', parent: 'r', start: 10, open: true }, child('b', 20, 120)],
      { r: '0-100' },
    ],
    [
      'counts nothing before its root',
      [
        { id: 'r', start: 10, length: 90 },
        { id: 'a', parent: 'r', start: 0, length: 50 },
      ],
      { r: '50-100', a: '10-50' },
    ],
    ['is empty of nothing', [], {}],
  ])('%s', (_, rows, want) => {
    expect(parts(rows)).toEqual(want);
  });

  it('covers the time of the root once, in a large trace too', () => {
    const { layout } = pack(randomRows(10_000));
    const path = criticalPath(layout);
    let sum = 0;
    for (let p = 0; p < layout.count; p += 1) sum += timeOn(path, p);
    expect(Math.abs(sum - (at(layout.end, 0) - at(layout.start, 0)))).toBeLessThan(1);
    expect(path.from.length).toBeGreaterThan(10);
  });
});
