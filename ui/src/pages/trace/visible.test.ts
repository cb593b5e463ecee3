import { describe, expect, it } from 'vitest';
import { outline, pack, randomRows } from './fixture.ts';
import {
  errorMarks,
  foldBelow,
  foldSubtree,
  indexOfRow,
  keepWithParents,
  lastSiblings,
  nextMarked,
  openTo,
  siblingPlaces,
  visibleRows,
} from './visible.ts';

const { data, layout } = pack([
  { id: 'a', start: 0, length: 100 },
  { id: 'b', parent: 'a', start: 1, length: 40 },
  { id: 'c', parent: 'b', start: 2, length: 5, status: 'error' },
  { id: 'd', parent: 'b', start: 9, length: 5 },
  { id: 'e', parent: 'a', start: 50, length: 9 },
]);
const open = new Uint8Array(layout.count);
const show = (folded: Uint8Array, keep?: Uint8Array, focus = -1) =>
  outline(data, layout, visibleRows(layout, { folded, keep, focus }));

describe('visibleRows', () => {
  it('skips what is folded', () => {
    expect(show(open)).toBe('a\n  b\n    c\n    d\n  e');
    expect(show(Uint8Array.of(0, 1, 0, 0, 0))).toBe('a\n  b\n  e');
    expect(show(Uint8Array.of(1, 1, 0, 0, 0))).toBe('a');
  });

  it('hides others, but not what stands above a match', () => {
    const keep = keepWithParents(layout, Uint8Array.of(0, 0, 0, 1, 0));
    expect(show(open, keep)).toBe('a\n  b\n    d');
    expect(Array.from(lastSiblings(layout, keep))).toEqual([1, 1, 0, 1, 0]);
  });

  it('shows one subtree when focused', () => {
    expect(show(open, undefined, 1)).toBe('  b\n    c\n    d');
  });

  it('folds and unfolds 100,000 rows', () => {
    const large = pack(randomRows(100_000)).layout;
    const folded = foldBelow(large, 2);
    const rows = visibleRows(large, { folded, focus: -1 });
    const all = visibleRows(large, { folded: new Uint8Array(large.count), focus: -1 });
    expect(all).toHaveLength(100_000);
    expect(rows.length).toBeLessThan(all.length);
  });
});

describe('moving', () => {
  it('finds a row, or the nearest above it that is drawn', () => {
    const rows = visibleRows(layout, { folded: Uint8Array.of(0, 1, 0, 0, 0), focus: -1 });
    expect(indexOfRow(layout, rows, 4)).toBe(2);
    expect(indexOfRow(layout, rows, 3)).toBe(1);
  });

  it('opens what lies above a row', () => {
    const folded = Uint8Array.of(1, 1, 0, 0, 0);
    expect(Array.from(openTo(layout, folded, 3))).toEqual([0, 0, 0, 0, 0]);
    expect(openTo(layout, open, 3)).toBe(open);
  });

  it('folds a whole subtree', () => {
    expect(Array.from(foldSubtree(layout, open, 0, true))).toEqual([1, 1, 0, 0, 0]);
    expect(Array.from(foldSubtree(layout, Uint8Array.of(1, 1, 0, 0, 0), 1, false))).toEqual([1, 0, 0, 0, 0]);
  });

  it('goes from error to error around the end', () => {
    const marks = errorMarks(layout);
    expect(nextMarked(marks, 4, 1)).toBe(2);
    expect(nextMarked(marks, 0, -1)).toBe(2);
    expect(nextMarked(new Uint8Array(5), 0, 1)).toBe(-1);
  });

  it('knows a row’s place among its siblings', () => {
    const { place, siblings } = siblingPlaces(layout);
    expect(Array.from(place)).toEqual([1, 1, 1, 2, 2]);
    expect(Array.from(siblings)).toEqual([1, 2, 2, 2, 2]);
  });
});
