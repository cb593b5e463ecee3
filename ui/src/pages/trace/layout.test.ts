import { describe, expect, it } from 'vitest';
import { ANNOTATION_LINK, eventIdAt, Kind, packTrace, parentIdAt, spanIdAt } from './columns.ts';
import { answerOf, type FixtureRow, outline, pack, randomRows, spanId } from './fixture.ts';
import { Flag, layoutTrace, notesAt } from './layout.ts';

function check(rows: FixtureRow[], expected: string): void {
  const { data, layout } = pack(rows);
  expect(outline(data, layout)).toBe(expected);
}

describe('order', () => {
  it('puts parents before children and siblings by start', () => {
    check(
      [
        { id: 'c', parent: 'a', start: 30, length: 5 },
        { id: 'a', start: 0, length: 100 },
        { id: 'b', parent: 'a', start: 10, length: 20 },
        { id: 'd', parent: 'b', start: 12, length: 5 },
      ],
      'a\n  b\n    d\n  c',
    );
  });

  it('puts the longer of two that start together first', () => {
    check(
      [
        { id: 'a', start: 0, length: 9 },
        { id: 's', parent: 'a', start: 1, length: 1 },
        { id: 'l', parent: 'a', start: 1, length: 5 },
      ],
      'a\n  l\n  s',
    );
  });

  it('keeps several roots', () => {
    check(
      [
        { id: 'b', start: 5, length: 1 },
        { id: 'a', start: 1, length: 1 },
      ],
      'a\nb',
    );
  });

  it('gives an empty layout for an empty trace', () => {
    const { layout } = pack([]);
    expect(layout.count).toBe(0);
    expect(layout.to).toBe(0);
  });
});

describe('parents that never arrived', () => {
  it('stand once, under the one root, after its own children, as long as their children', () => {
    const rows: FixtureRow[] = [
      { id: 'a', start: 0, length: 100 },
      { id: 'x', parent: 'lost', start: 10, length: 10 },
      { id: 'y', parent: 'lost', start: 30, length: 20 },
      { id: 'b', parent: 'a', start: 50, length: 5 },
    ];
    check(rows, `a\n  b\n  ?${spanId('lost')}\n    x\n    y`);
    const { layout } = pack(rows);
    expect([layout.start[2], layout.end[2], layout.kind[2]]).toEqual([10, 50, 3]);
    expect(layout.kinds[Kind.span]).toBe(4);
  });

  it('are roots when the root itself never arrived', () => {
    check([{ id: 'x', parent: 'lost', start: 1, length: 1 }], `?${spanId('lost')}\n  x`);
  });
});

describe('hostile parents', () => {
  it('cuts a ring at its first row and loses nothing', () => {
    const { data, layout } = pack([
      { id: 'a', start: 0, length: 9 },
      { id: 'p', parent: 'q', start: 1, length: 1 },
      { id: 'q', parent: 'r', start: 2, length: 1 },
      { id: 'r', parent: 'p', start: 3, length: 1 },
    ]);
    expect(outline(data, layout)).toBe('a\np\n  r\n    q');
    expect((layout.flags[1] ?? 0) & Flag.ring).toBe(Flag.ring);
  });

  it('takes a span that is its own parent as a root', () => {
    check([{ id: 'a', parent: 'a', start: 0, length: 1 }], 'a');
  });

  it('draws a chain of 20,000 without recursion', () => {
    const rows: FixtureRow[] = Array.from({ length: 20_000 }, (_, i) => ({
      id: i.toString(36),
      ...(i > 0 ? { parent: (i - 1).toString(36) } : {}),
      start: i,
      length: 50_000 - i,
    }));
    const { layout } = pack(rows);
    expect([layout.count, layout.deepest, layout.size[0]]).toEqual([20_000, 19_999, 20_000]);
  });
});

describe('repeats', () => {
  it('counts the same span sent twice once', () => {
    const { layout } = pack([
      { id: 'a', start: 0, length: 9 },
      { id: 'a', start: 0, length: 9 },
      { id: 'b', parent: 'a', start: 1, length: 2 },
    ]);
    expect(Array.from(layout.times)).toEqual([2, 1]);
  });

  it('keeps different spans that share an id', () => {
    check(
      [
        { id: 'a', name: 'client', start: 0, length: 9 },
        { id: 'a', name: 'server', start: 1, length: 7 },
      ],
      'client\nserver',
    );
  });
});

describe('figures', () => {
  it('takes children off the self time once where they overlap', () => {
    const { layout } = pack([
      { id: 'a', start: 0, length: 100 },
      { id: 'b', parent: 'a', start: 10, length: 30 },
      { id: 'c', parent: 'a', start: 20, length: 40 },
      { id: 'd', parent: 'a', start: 90, length: 40 },
    ]);
    expect(Array.from(layout.self)).toEqual([40, 30, 40, 40]);
  });

  it('marks failures on the way up', () => {
    const { layout } = pack([
      { id: 'a', start: 0, length: 9 },
      { id: 'b', parent: 'a', start: 1, length: 1, status: 'error' },
      { id: 'c', parent: 'a', start: 3, length: 1 },
    ]);
    expect(Array.from(layout.flags)).toEqual([Flag.errorBelow, Flag.error, 0]);
    expect(layout.failed).toBe(1);
  });

  it('marks children outside of their parent by more than the clocks’ tolerance', () => {
    const { layout } = pack([
      { id: 'a', start: 10_000, length: 10_000 },
      { id: 'early', parent: 'a', start: 5_000, length: 6_000 },
      { id: 'near', parent: 'a', start: 9_500, length: 500 },
      { id: 'over', parent: 'a', start: 19_000, length: 9_000 },
      { id: 'later', parent: 'a', start: 30_000, length: 1 },
    ]);
    expect(Array.from(layout.flags)).toEqual([
      0,
      Flag.startsOutside,
      0,
      Flag.endsOutside,
      Flag.startsOutside | Flag.endsOutside,
    ]);
  });
});

describe('what is noted on spans', () => {
  const { data, layout } = pack([
    { id: 'a', start: 0, length: 100 },
    { id: 'b', parent: 'a', start: 10, length: 20 },
    { parent: 'b', name: 'second', note: 'span_event', start: 25 },
    { parent: 'b', name: 'first', note: 'span_event', start: 12 },
    { parent: 'a', name: 'linked', note: 'link', start: 0 },
  ]);

  it('gives events by time, and no rows of their own', () => {
    expect(layout.count).toBe(2);
    expect(notesAt(layout, data, 1).map((row) => data.strings[data.name[row] ?? -1])).toEqual([
      'first',
      'second',
    ]);
    expect(notesAt(layout, data, 0)).toEqual([]);
  });

  it('tells links from events', () => {
    expect(notesAt(layout, data, 0, ANNOTATION_LINK)).toHaveLength(1);
  });

  it('makes rows of lines and errors of a trace, which are marked as events too', () => {
    check(
      [
        { id: 'a', start: 0, length: 9e6 },
        { id: 'a', name: 'a line', table: 'logs', note: 'span_event', start: 2e6 },
        { parent: 'a', name: 'an error', table: 'errors', note: 'span_event', start: 3e6 },
        { parent: 'a', name: 'an event', note: 'span_event', start: 4e6 },
      ],
      'a\n  a line\n  an error',
    );
  });

  it('puts a log line under the span it was written in', () => {
    check(
      [
        { id: 'a', start: 0, length: 9e6 },
        { id: 'b', parent: 'a', start: 1e6, length: 5e6 },
        { id: 'a', name: 'a line', table: 'logs', start: 2e6 },
      ],
      'a\n  b\n  a line',
    );
  });
});

describe('packing', () => {
  it('keeps ids, and drops what is no id', () => {
    const raw = answerOf([{ id: 'a' }, { id: 'b', parent: 'a' }]);
    raw.columns.span_id[1] = '<script>alert(1)';
    const data = packTrace(raw);
    expect(spanIdAt(data, 0)).toBe(spanId('a'));
    expect(spanIdAt(data, 1)).toBe('');
    expect(parentIdAt(data, 1)).toBe(spanId('a'));
    expect(eventIdAt(data, 1)).toBe('00000000000000000000000000000002');
  });
});

describe('size', () => {
  it('lays out 100,000 spans, every one once, sizes adding up', () => {
    const data = packTrace(answerOf(randomRows(100_000)));
    const layout = layoutTrace(data);
    expect(layout.count).toBe(100_000);
    expect(new Set(layout.row).size).toBe(100_000);
    expect(layout.size[0]).toBe(100_000);
  });
});
