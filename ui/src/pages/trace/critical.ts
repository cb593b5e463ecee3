// The critical path: the parts of bars that the request's end waited for. A shorter part would have ended it sooner.

import { at, isBar, Kind } from './columns.ts';
import { Flag, TOLERANCE_NS, type TraceLayout } from './layout.ts';

/** Stamps are cut to the millisecond by some senders: a child that ends so much after its parent ended with it. */
const STAMP_NS = 1_000_000;

/** Parts of position p: `from[first[p] .. first[p + 1]]`, by time, nanoseconds after the base. */
export interface CriticalPath {
  first: Int32Array;
  from: Float64Array;
  to: Float64Array;
}

/**
 * Walks back from the root's end: each span waited for the child that ended last, before that for the one that
 * had ended last when this one began, and worked itself in between. What ends after its parent was not waited for.
 */
export function criticalPath(layout: TraceLayout): CriticalPath {
  const positions: number[] = [];
  const froms: number[] = [];
  const tos: number[] = [];
  const part = (p: number, from: number, to: number) => {
    // What is known of a parent that never arrived are its children alone.
    if (to <= from || at(layout.kind, p) === Kind.missing) return;
    positions.push(p);
    froms.push(from);
    tos.push(to);
  };
  const root = rootOf(layout);
  // A position, and the time that is looked at: no part of a child is before its parent's.
  const open: [number, number, number][] =
    root < 0 ? [] : [[root, at(layout.start, root), at(layout.end, root)]];
  for (let top = open.pop(); top; top = open.pop()) {
    const [p, from, to] = top;
    let until = to;
    for (const child of childrenByEnd(layout, p)) {
      if (until <= from) break;
      const slack = until === to ? STAMP_NS : TOLERANCE_NS;
      if (at(layout.end, child) > until + slack) continue;
      const end = Math.min(at(layout.end, child), until);
      const start = Math.max(from, at(layout.start, child));
      if (end <= start) continue;
      part(p, end, until);
      open.push([child, start, end]);
      until = start;
    }
    part(p, from, until);
  }
  return byPosition(layout.count, positions, froms, tos);
}

/** How long a position is on the path, nanoseconds. */
export function timeOn(path: CriticalPath, position: number): number {
  let sum = 0;
  for (let i = at(path.first, position); i < at(path.first, position + 1); i += 1) {
    sum += at(path.to, i) - at(path.from, i);
  }
  return sum;
}

/** The first root that is a span; without one, the first parent that never arrived. */
function rootOf(layout: TraceLayout): number {
  let missing = -1;
  for (let p = 0; p < layout.joined; p += at(layout.size, p)) {
    const kind = at(layout.kind, p);
    if (kind === Kind.missing) missing = missing < 0 ? p : missing;
    else if (isBar(kind) && !(at(layout.flags, p) & Flag.placed)) return p;
  }
  return missing;
}

/** Spans right below one, last end first. */
function childrenByEnd(layout: TraceLayout, p: number): number[] {
  const children: number[] = [];
  const end = p + at(layout.size, p);
  for (let c = p + 1; c < end; c += at(layout.size, c)) {
    const kind = at(layout.kind, c);
    // A segment beside a span tells of the same time again.
    if ((isBar(kind) || kind === Kind.missing) && !(at(layout.flags, c) & Flag.placed)) children.push(c);
  }
  return children.sort(
    (a, b) => at(layout.end, b) - at(layout.end, a) || at(layout.start, b) - at(layout.start, a),
  );
}

function byPosition(count: number, positions: number[], froms: number[], tos: number[]): CriticalPath {
  const first = new Int32Array(count + 1);
  for (const p of positions) first[p + 1] = at(first, p + 1) + 1;
  for (let p = 0; p < count; p += 1) first[p + 1] = at(first, p + 1) + at(first, p);
  const next = first.slice();
  const path = { first, from: new Float64Array(positions.length), to: new Float64Array(positions.length) };
  // They were found from the last to the first of each position.
  for (let i = positions.length - 1; i >= 0; i -= 1) {
    const p = at(positions, i);
    path.from[at(next, p)] = at(froms, i);
    path.to[at(next, p)] = at(tos, i);
    next[p] = at(next, p) + 1;
  }
  return path;
}
