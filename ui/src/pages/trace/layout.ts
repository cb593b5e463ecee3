// Depth-first layout of a trace. All results are typed arrays by display position: a subtree is the `size`
// rows from its head on, so folding is one addition and no row object is ever made for a row out of view.

import { ANNOTATION_EVENT, at, hexAt, Kind, STATUS_ERROR, type TraceData } from './columns.ts';

/** Bits of `TraceLayout.flags`. */
export const Flag = {
  /** The row itself failed: status error, or an error's occurrence. */
  error: 1,
  /** A row below it failed. */
  errorBelow: 2,
  /** Starts before its parent starts, or after it ended: clocks differ, or work was handed on. */
  startsOutside: 4,
  /** Ends after its parent ended. */
  endsOutside: 8,
  /** Its parents form a ring; it stands as a root, and the ring is cut here. */
  ring: 16,
} as const;

/** Rows in depth-first order: parents before children, siblings by start. */
export interface TraceLayout {
  count: number;
  /** Row of the trace at each position; -1 for a parent that never arrived. */
  row: Int32Array;
  depth: Int32Array;
  /** Position of the parent; -1 for roots. */
  parent: Int32Array;
  /** Rows of the subtree, itself included. */
  size: Int32Array;
  /** Nanoseconds after the base; logs and errors have start = end. */
  start: Float64Array;
  end: Float64Array;
  /** Nanoseconds not covered by children; 0 for rows without length. */
  self: Float64Array;
  kind: Uint8Array;
  flags: Uint8Array;
  /** How often the same span arrived; 1 is the rule. */
  times: Uint16Array;
  /** Annotations of position p: `notes[noteStart[p] .. noteStart[p + 1]]`, rows of the trace by time. */
  noteStart: Int32Array;
  notes: Int32Array;
  /** Span id of each missing parent, by position. */
  missing: Map<number, string>;
  deepest: number;
  /** First start and last end of all rows. */
  from: number;
  to: number;
  spans: number;
  errors: number;
}

/** Clocks of one machine agree to about this many nanoseconds; less is not worth a badge. */
const TOLERANCE_NS = 1_000;

interface Tree {
  /** Rows, then one entry per missing parent. */
  total: number;
  parent: Int32Array;
  missing: string[];
  notes: number[];
  times: Uint16Array;
  ring: Set<number>;
}

function sameSpan(data: TraceData, a: number, b: number): boolean {
  return (
    data.kind[a] === data.kind[b] &&
    data.name[a] === data.name[b] &&
    data.service[a] === data.service[b] &&
    data.start[a] === data.start[b] &&
    data.duration[a] === data.duration[b]
  );
}

/** Finds each row's parent. Rows that are not drawn themselves (annotations, repeats) get -2. */
function link(data: TraceData): Tree {
  const { count } = data;
  const times = new Uint16Array(count).fill(1);
  const owner = new Map<string, number>();
  const repeats = new Set<number>();
  for (let i = 0; i < count; i += 1) {
    if (data.kind[i] !== Kind.span || data.annotation[i] !== 0) continue;
    const id = hexAt(data.spanIds, i, 8);
    if (id === '') continue;
    const first = owner.get(id);
    if (first === undefined) owner.set(id, i);
    else if (sameSpan(data, first, i)) {
      repeats.add(i);
      times[first] = Math.min(at(times, first) + 1, 65_535);
    }
  }

  const missing: string[] = [];
  const ghost = new Map<string, number>();
  const parent: number[] = new Array(count);
  const notes: number[] = [];
  for (let i = 0; i < count; i += 1) {
    if (data.annotation[i] !== 0) {
      parent[i] = -2;
      notes.push(i);
      continue;
    }
    if (repeats.has(i)) {
      parent[i] = -2;
      continue;
    }
    // A log line or an occurrence belongs to the span it was written in.
    const inside = data.kind[i] !== Kind.span ? hexAt(data.spanIds, i, 8) : '';
    const id = inside || hexAt(data.parentIds, i, 8);
    if (id === '') {
      parent[i] = -1;
      continue;
    }
    const found = owner.get(id);
    if (found !== undefined) {
      parent[i] = found === i ? -1 : found;
      continue;
    }
    let place = ghost.get(id);
    if (place === undefined) {
      place = count + missing.length;
      ghost.set(id, place);
      missing.push(id);
    }
    parent[i] = place;
  }
  const roots = parent.filter((p, i) => p === -1 && data.kind[i] === Kind.span).length;
  const root = roots === 1 ? parent.findIndex((p, i) => p === -1 && data.kind[i] === Kind.span) : -1;
  // With one root the request is known, and what has lost its parent happened within it.
  for (let i = 0; i < count; i += 1) if (parent[i] === -1 && data.kind[i] !== Kind.span) parent[i] = root;
  for (let m = 0; m < missing.length; m += 1) parent.push(root);
  const tree: Tree = {
    total: count + missing.length,
    parent: Int32Array.from(parent),
    missing,
    notes,
    times,
    ring: new Set(),
  };
  cutRings(tree);
  return tree;
}

/** Parents are the sender's word: a ring of them would never be reached from a root. Cuts each at its first row. */
function cutRings(tree: Tree): void {
  const state = new Uint8Array(tree.total);
  for (let i = 0; i < tree.total; i += 1) {
    const path: number[] = [];
    let at_ = i;
    while (at_ >= 0 && state[at_] === 0) {
      state[at_] = 1;
      path.push(at_);
      at_ = at(tree.parent, at_);
    }
    if (at_ >= 0 && state[at_] === 1) {
      const members = path.slice(path.indexOf(at_));
      const first = Math.min(...members.slice(0, 10_000));
      tree.parent[first] = -1;
      tree.ring.add(first);
    }
    for (const node of path) state[node] = 2;
  }
}

/** Children of each node in order, as one array with starts (compressed rows). */
function childLists(tree: Tree, order: Int32Array): { first: Int32Array; list: Int32Array } {
  // Slot 0 holds the roots, slot n + 1 the children of n.
  const first = new Int32Array(tree.total + 2);
  for (const node of order) first[at(tree.parent, node) + 2] = at(first, at(tree.parent, node) + 2) + 1;
  for (let i = 1; i < first.length; i += 1) first[i] = at(first, i) + at(first, i - 1);
  const next = first.slice();
  const list = new Int32Array(order.length);
  for (const node of order) {
    const slot = at(tree.parent, node) + 1;
    list[at(next, slot)] = node;
    next[slot] = at(next, slot) + 1;
  }
  return { first, list };
}

/** Starts and ends of all nodes; a missing parent spans its children. */
function extents(data: TraceData, tree: Tree): { start: Float64Array; end: Float64Array } {
  const start = new Float64Array(tree.total).fill(Number.POSITIVE_INFINITY);
  const end = new Float64Array(tree.total).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < data.count; i += 1) {
    start[i] = at(data.start, i);
    end[i] = at(data.start, i) + Math.max(0, at(data.duration, i));
    const parent = at(tree.parent, i);
    if (parent >= data.count) {
      start[parent] = Math.min(at(start, parent), at(start, i));
      end[parent] = Math.max(at(end, parent), at(end, i));
    }
  }
  return { start, end };
}

/** Lays a trace out. Linear in rows but for one sort. */
export function layoutTrace(data: TraceData): TraceLayout {
  const tree = link(data);
  const { start, end } = extents(data, tree);
  const drawn: number[] = [];
  for (let i = 0; i < tree.total; i += 1) if (at(tree.parent, i) !== -2) drawn.push(i);
  const isGhost = (i: number) => Number(i >= data.count);
  const order = Int32Array.from(
    drawn.sort(
      (a, b) => isGhost(a) - isGhost(b) || at(start, a) - at(start, b) || at(end, b) - at(end, a) || a - b,
    ),
  );
  const { first, list } = childLists(tree, order);
  const layout = emptyLayout(order.length, tree.notes.length);
  const place = new Int32Array(tree.total).fill(-1);

  const stack = new Int32Array(order.length + 1);
  const depths = new Int32Array(order.length + 1);
  let top = 0;
  const push = (slot: number, depth: number) => {
    for (let k = at(first, slot + 1) - 1; k >= at(first, slot); k -= 1) {
      stack[top] = at(list, k);
      depths[top] = depth;
      top += 1;
    }
  };
  push(0, 0);
  let p = 0;
  while (top > 0) {
    top -= 1;
    const node = at(stack, top);
    const depth = at(depths, top);
    place[node] = p;
    fill(layout, p, node, depth, data, tree, start, end, place);
    p += 1;
    push(node + 1, depth + 1);
  }
  sumUp(layout);
  selfTimes(layout);
  placeNotes(layout, data, tree.notes);
  return layout;
}

function emptyLayout(count: number, notes: number): TraceLayout {
  return {
    count,
    row: new Int32Array(count),
    depth: new Int32Array(count),
    parent: new Int32Array(count),
    size: new Int32Array(count).fill(1),
    start: new Float64Array(count),
    end: new Float64Array(count),
    self: new Float64Array(count),
    kind: new Uint8Array(count),
    flags: new Uint8Array(count),
    times: new Uint16Array(count).fill(1),
    noteStart: new Int32Array(count + 1),
    notes: new Int32Array(notes),
    missing: new Map(),
    deepest: 0,
    from: 0,
    to: 0,
    spans: 0,
    errors: 0,
  };
}

function fill(
  layout: TraceLayout,
  p: number,
  node: number,
  depth: number,
  data: TraceData,
  tree: Tree,
  start: Float64Array,
  end: Float64Array,
  place: Int32Array,
): void {
  const ghost = node >= data.count;
  const parentNode = at(tree.parent, node);
  const parent = parentNode < 0 ? -1 : at(place, parentNode);
  layout.row[p] = ghost ? -1 : node;
  layout.depth[p] = depth;
  layout.parent[p] = parent;
  layout.start[p] = at(start, node);
  layout.end[p] = at(end, node);
  layout.deepest = Math.max(layout.deepest, depth);
  if (ghost) {
    layout.kind[p] = Kind.missing;
    layout.missing.set(p, tree.missing[node - data.count] ?? '');
    return;
  }
  const kind = at(data.kind, node);
  layout.kind[p] = kind;
  layout.times[p] = at(tree.times, node);
  let flags = tree.ring.has(node) ? Flag.ring : 0;
  if (at(data.status, node) === STATUS_ERROR || kind === Kind.error) flags |= Flag.error;
  if (kind === Kind.span) layout.spans += 1;
  if (parent >= 0 && kind === Kind.span && at(layout.kind, parent) === Kind.span) {
    const early = at(start, node) < at(layout.start, parent) - TOLERANCE_NS;
    const late = at(start, node) > at(layout.end, parent) + TOLERANCE_NS;
    if (early || late) flags |= Flag.startsOutside;
    if (at(end, node) > at(layout.end, parent) + TOLERANCE_NS) flags |= Flag.endsOutside;
  }
  layout.flags[p] = flags;
}

/** Subtree sizes, failed rows below, and the whole extent: children come after parents, so one pass backwards. */
function sumUp(layout: TraceLayout): void {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (let p = layout.count - 1; p >= 0; p -= 1) {
    from = Math.min(from, at(layout.start, p));
    to = Math.max(to, at(layout.end, p));
    const flags = at(layout.flags, p);
    if (flags & Flag.error) layout.errors += 1;
    const parent = at(layout.parent, p);
    if (parent < 0) continue;
    layout.size[parent] = at(layout.size, parent) + at(layout.size, p);
    if (flags & (Flag.error | Flag.errorBelow))
      layout.flags[parent] = at(layout.flags, parent) | Flag.errorBelow;
  }
  layout.from = layout.count === 0 ? 0 : from;
  layout.to = layout.count === 0 ? 0 : to;
}

/** Time of a span in which none of its child spans ran. Siblings come by start, so their union is one sweep. */
function selfTimes(layout: TraceLayout): void {
  const covered = new Float64Array(layout.count);
  const sweep = Float64Array.from(layout.start);
  for (let p = 0; p < layout.count; p += 1) {
    const parent = at(layout.parent, p);
    if (parent < 0 || at(layout.kind, p) !== Kind.span) continue;
    const from = Math.max(at(layout.start, p), at(sweep, parent));
    const to = Math.min(at(layout.end, p), at(layout.end, parent));
    if (to <= from) continue;
    covered[parent] = at(covered, parent) + to - from;
    sweep[parent] = to;
  }
  for (let p = 0; p < layout.count; p += 1) {
    if (at(layout.kind, p) !== Kind.span) continue;
    layout.self[p] = Math.max(0, at(layout.end, p) - at(layout.start, p) - at(covered, p));
  }
}

/** Puts span events and links to their spans. One whose span never arrived goes to the first row, not away. */
function placeNotes(layout: TraceLayout, data: TraceData, notes: readonly number[]): void {
  if (layout.count === 0) return;
  const bySpan = new Map<string, number>();
  for (let p = 0; p < layout.count; p += 1) {
    const row = at(layout.row, p);
    const id = row < 0 ? (layout.missing.get(p) ?? '') : hexAt(data.spanIds, row, 8);
    if (id !== '' && at(layout.kind, p) !== Kind.log && !bySpan.has(id)) bySpan.set(id, p);
  }
  const target = notes.map((note) => {
    const id = hexAt(data.parentIds, note, 8) || hexAt(data.spanIds, note, 8);
    return bySpan.get(id) ?? 0;
  });
  for (const p of target) layout.noteStart[p + 1] = at(layout.noteStart, p + 1) + 1;
  for (let p = 0; p < layout.count; p += 1)
    layout.noteStart[p + 1] = at(layout.noteStart, p + 1) + at(layout.noteStart, p);
  const next = layout.noteStart.slice();
  const byTime = notes
    .map((_, i) => i)
    .sort((a, b) => at(data.start, at(notes, a)) - at(data.start, at(notes, b)));
  for (const i of byTime) {
    const p = at(target, i);
    layout.notes[at(next, p)] = at(notes, i);
    next[p] = at(next, p) + 1;
  }
}

/** Rows of the trace noted at a position: span events, or links. */
export function notesAt(
  layout: TraceLayout,
  data: TraceData,
  position: number,
  annotation = ANNOTATION_EVENT,
): number[] {
  const found: number[] = [];
  for (let k = at(layout.noteStart, position); k < at(layout.noteStart, position + 1); k += 1) {
    const row = at(layout.notes, k);
    if (data.annotation[row] === annotation) found.push(row);
  }
  return found;
}

/** Buffers to hand over when a layout crosses a worker's border. */
export function layoutBuffers(layout: TraceLayout): ArrayBuffer[] {
  return Object.values(layout)
    .filter((value): value is Uint8Array<ArrayBuffer> => ArrayBuffer.isView(value))
    .map((view) => view.buffer);
}
