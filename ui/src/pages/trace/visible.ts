// Which rows are drawn: folding, focus and hiding. A list of positions, rebuilt in one pass.

import { at } from './columns.ts';
import { Flag, type TraceLayout } from './layout.ts';

export interface Visibility {
  /** 1 at the head of each folded subtree. */
  folded: Uint8Array;
  /** 1 where a row stays; absent: all stay. Heads of what stays must stay too (`keepWithParents`). */
  keep?: Uint8Array | undefined;
  /** Position whose subtree alone is shown; -1 for all. */
  focus: number;
}

/** Positions to draw, from top to bottom. */
export function visibleRows(layout: TraceLayout, visibility: Visibility): Int32Array {
  const { folded, keep, focus } = visibility;
  const first = Math.max(0, focus);
  const end = focus >= 0 ? focus + at(layout.size, focus) : layout.count;
  const rows = new Int32Array(Math.max(0, end - first));
  let shown = 0;
  for (let p = first; p < end; ) {
    if (keep && at(keep, p) === 0) {
      p += at(layout.size, p);
      continue;
    }
    rows[shown] = p;
    shown += 1;
    p += at(folded, p) === 1 ? at(layout.size, p) : 1;
  }
  return rows.subarray(0, shown);
}

/** Rows that match, and all above them, so that each stays in its place of the tree. */
export function keepWithParents(layout: TraceLayout, matches: Uint8Array): Uint8Array {
  const keep = matches.slice();
  for (let p = layout.count - 1; p > 0; p -= 1) {
    const parent = at(layout.parent, p);
    if (at(keep, p) === 1 && parent >= 0) keep[parent] = 1;
  }
  return keep;
}

/** 1 where no later sibling is drawn: there the tree line ends. */
export function lastSiblings(layout: TraceLayout, keep?: Uint8Array): Uint8Array {
  const last = new Uint8Array(layout.count);
  const later = new Uint8Array(layout.count + 1);
  for (let p = layout.count - 1; p >= 0; p -= 1) {
    if (keep && at(keep, p) === 0) continue;
    const slot = at(layout.parent, p) + 1;
    if (at(later, slot) === 0) last[p] = 1;
    later[slot] = 1;
  }
  return last;
}

/** Place of `position` in the drawn rows, or of the nearest row above it that is drawn; -1 for none. */
export function indexOfRow(layout: TraceLayout, rows: Int32Array, position: number): number {
  for (let p = position; p >= 0; p = at(layout.parent, p)) {
    const found = searchRows(rows, p);
    if (found >= 0) return found;
  }
  return -1;
}

/** Place of exactly `position`; -1 when it is not drawn. Positions rise, so this is a binary search. */
export function searchRows(rows: Int32Array, position: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = at(rows, middle);
    if (value === position) return middle;
    if (value < position) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Folds, or opens, every row of a subtree that has children. Gives a new array. */
export function foldSubtree(
  layout: TraceLayout,
  folded: Uint8Array,
  position: number,
  fold: boolean,
): Uint8Array {
  const next = folded.slice();
  const end = position + at(layout.size, position);
  for (let p = position; p < end; p += 1) next[p] = fold && at(layout.size, p) > 1 ? 1 : 0;
  return next;
}

/** Folds what lies below `depth` levels: the first view of a very large trace. */
export function foldBelow(layout: TraceLayout, depth: number): Uint8Array {
  const folded = new Uint8Array(layout.count);
  for (let p = 0; p < layout.count; p += 1) {
    if (at(layout.depth, p) >= depth && at(layout.size, p) > 1) folded[p] = 1;
  }
  return folded;
}

/** Opens everything above `position`, so that it can be drawn. Gives the same array when nothing was folded. */
export function openTo(layout: TraceLayout, folded: Uint8Array, position: number): Uint8Array {
  let next = folded;
  for (let p = at(layout.parent, position); p >= 0; p = at(layout.parent, p)) {
    if (at(next, p) === 0) continue;
    if (next === folded) next = folded.slice();
    next[p] = 0;
  }
  return next;
}

/** The next position after `from` (or before it) for which `marks` is set, around the end; -1 when none is. */
export function nextMarked(marks: Uint8Array, from: number, step: 1 | -1): number {
  const count = marks.length;
  for (let k = 1; k <= count; k += 1) {
    const p = (((from + step * k) % count) + count) % count;
    if (at(marks, p) === 1) return p;
  }
  return -1;
}

/** 1 where the row itself failed. */
export function errorMarks(layout: TraceLayout): Uint8Array {
  return layout.flags.map((flags) => ((flags & Flag.error) === 0 ? 0 : 1));
}

/** What a treegrid tells of each row: its place among its siblings, and how many they are. */
export function siblingPlaces(layout: TraceLayout): { place: Int32Array; siblings: Int32Array } {
  const place = new Int32Array(layout.count);
  const siblings = new Int32Array(layout.count);
  // Slot 0 counts the roots, slot p + 1 the children of p.
  const seen = new Int32Array(layout.count + 1);
  for (let p = 0; p < layout.count; p += 1) {
    const slot = at(layout.parent, p) + 1;
    seen[slot] = at(seen, slot) + 1;
    place[p] = at(seen, slot);
  }
  for (let p = 0; p < layout.count; p += 1) siblings[p] = at(seen, at(layout.parent, p) + 1);
  return { place, siblings };
}
