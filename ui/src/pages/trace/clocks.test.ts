import { describe, expect, it } from 'vitest';
import { clockShifts, fixClocks } from './clocks.ts';
import { at, timeAt } from './columns.ts';
import { clockNote } from './describe.ts';
import { type FixtureRow, pack } from './fixture.ts';
import { Flag, layoutTrace, notesAt } from './layout.ts';

const MS = 1e6;

/** Rows given in milliseconds, before and after: name, start and end of each, in the order they are drawn. */
function drawn(rows: readonly FixtureRow[]) {
  const { data, layout } = pack(
    rows.map((row) => ({
      ...row,
      start: (row.start ?? 0) * MS,
      ...(row.length === undefined ? {} : { length: row.length * MS }),
    })),
  );
  const fixed = fixClocks({ data, layout }, clockShifts(layout, data));
  const lines = Array.from({ length: fixed.layout.count }, (_, p) => {
    const name = data.strings[at(data.name, at(fixed.layout.row, p))] ?? '';
    return `${name} ${at(fixed.layout.start, p) / MS}-${at(fixed.layout.end, p) / MS}`;
  });
  return { before: { data, layout }, fixed, lines };
}

const root: FixtureRow = { id: 'a', service: 'web', start: 10, length: 100 };
const call = (id: string, start: number, length: number, more: FixtureRow = {}): FixtureRow => ({
  id,
  parent: 'a',
  service: 'orders',
  start,
  length,
  ...more,
});

describe('the clock fix', () => {
  it.each<[string, FixtureRow[], string[]]>([
    [
      'moves a call that starts before its caller to its start, and all below it by as much',
      [
        root,
        call('b', 5, 20),
        call('c', 7, 3, { parent: 'b' }),
        { id: 'b', name: 'l', service: 'orders', table: 'logs', start: 8 },
      ],
      ['a 10-110', 'b 10-30', 'c 12-15', 'l 13-13'],
    ],
    ['moves one that ends after it to its end', [root, call('b', 100, 30)], ['a 10-110', 'b 80-110']],
    [
      'moves a call of a moved call by both',
      [root, call('b', 5, 20), call('c', 2, 4, { parent: 'b', service: 'db' })],
      ['a 10-110', 'b 10-30', 'c 10-14'],
    ],
    ['leaves what lies inside', [root, call('b', 20, 20)], ['a 10-110', 'b 20-40']],
    [
      'leaves what starts after its parent ended: handed on',
      [root, call('b', 120, 5)],
      ['a 10-110', 'b 120-125'],
    ],
    ['leaves what is longer than its parent', [root, call('b', 5, 150)], ['a 10-110', 'b 5-155']],
    [
      'leaves what is of the same service',
      [root, call('b', 5, 20, { service: 'web' })],
      ['a 10-110', 'b 5-25'],
    ],
  ])('%s', (_, rows, want) => {
    expect(drawn(rows).lines).toEqual(want);
  });

  it('moves span events with their span, says by how much, and leaves what came as it was', () => {
    const { before, fixed } = drawn([
      root,
      call('b', 5, 20),
      { parent: 'b', name: 'event', note: 'span_event', start: 6, service: 'orders' },
    ]);
    const b = Array.from(fixed.layout.row).indexOf(1);
    expect(notesAt(fixed.layout, fixed.data, b).map((row) => at(fixed.data.start, row))).toEqual([11 * MS]);
    expect(clockNote(before.layout, b)).toContain('starts 5 ms before its parent');
    expect(clockNote(fixed.layout, b)).toContain('drawn 5 ms later than it says');
    expect(at(fixed.layout.flags, b) & (Flag.startsOutside | Flag.endsOutside)).toBe(0);
    expect(at(before.data.start, 1)).toBe(5 * MS);
    // By its own time a row is found again: its fields, its raw form.
    expect(timeAt(fixed.data, 1)).toBe(timeAt(before.data, 1));
    expect(layoutTrace(before.data)).toEqual(before.layout);
  });

  it('takes rows along that stand under a moved span for their time, when they are of its service', () => {
    const line = { table: 'logs', source: 'cloudwatch' } as const;
    const { fixed, lines } = drawn([
      root,
      call('b', 5, 20),
      // Neither names a parent. The first lies within the call by the clock of both, and would not any more where that is drawn.
      { ...line, name: 'of orders', service: 'orders', start: 6 },
      { ...line, name: 'of web', service: 'web', start: 6 },
    ]);
    expect(lines.sort()).toEqual(['a 10-110', 'b 10-30', 'of orders 11-11', 'of web 6-6']);
    expect([...fixed.layout.moved.values()]).toEqual([5 * MS]);
  });

  it('says of a call of a moved call by how much it is drawn later', () => {
    const { fixed } = drawn([root, call('b', 5, 20), call('c', 2, 4, { parent: 'b', service: 'db' })]);
    expect([...fixed.layout.moved.values()]).toEqual([5 * MS, 8 * MS]);
  });

  it('keeps a span that came twice one row', () => {
    const { lines, fixed } = drawn([root, call('b', 5, 20), call('b', 5, 20)]);
    expect(lines).toEqual(['a 10-110', 'b 10-30']);
    expect(fixed.layout.times[1]).toBe(2);
  });

  it('leaves a call of an unknown service', () => {
    const { before } = drawn([root, call('b', 5, 20)]);
    expect(clockShifts(before.layout, before.data).size).toBe(1);
    before.data.service[1] = -1;
    expect(clockShifts(before.layout, before.data).size).toBe(0);
  });

  it('gives back the same request when nothing has to be moved', () => {
    const { before, fixed } = drawn([root, call('b', 20, 20)]);
    expect(fixed.layout).toBe(before.layout);
  });
});
