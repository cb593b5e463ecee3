// Depth-first layout of a request. All results are typed arrays by display position: a subtree is the `size`
// rows from its head on, so folding is one addition and no row object is ever made for a row out of view.

import { ANNOTATION_EVENT, at, hexAt, isBar, Kind, STATUS_ERROR, type TraceData, word } from './columns.ts';
import { isUnattached, link, type Tree } from './tree.ts';

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
  /** Names no parent: stands where its time is. */
  placed: 32,
  /** Had not ended when it was sent; its end is the end of what is known. */
  open: 64,
  /** Another row before it has its span id too: only its event id names it. */
  alias: 128,
} as const;

/** Rows in depth-first order: parents before children, siblings by start. */
export interface TraceLayout {
  count: number;
  /** Positions of the request; from here on stand rows that only may be of it. */
  joined: number;
  /** Row at each position; -1 for a parent that never arrived. */
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
  /** Nanoseconds by which subtrees were moved, by position of their head: see `fixClocks`. */
  moved: Map<number, number>;
  deepest: number;
  /** First start and last end of the bars; of lines and errors, those that are near. */
  from: number;
  to: number;
  /** Where times are counted from: the start of what was asked for. Stays when other rows come. */
  zero: number;
  /** From the first bar's start to the last one's end. */
  lasted: number;
  /** Rows of each `Kind`, and bars that failed. */
  kinds: number[];
  failed: number;
}

/** Lines this near before and after the bars, as a share of their time, are still on the axis. */
const NEAR = 0.1;
/** Lines are stamped to the millisecond: so much nearer they may be, in a request that is not much longer. */
const STAMP_NS = 1_000_000;
/** A line that says one of these has failed, whoever wrote it. */
const BAD = new Set(['error', 'err', 'critical', 'crit', 'fatal', 'alert', 'emergency', 'emerg', 'panic']);

/** Clocks of one machine agree to about this many nanoseconds; less is not worth a badge. */
export const TOLERANCE_NS = 1_000;

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

/** Starts and ends of all nodes; a missing parent spans its children, what has not ended lasts to the end. */
function extents(data: TraceData, tree: Tree): { start: Float64Array; end: Float64Array; bars: Extent } {
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
  const bars: Extent = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  for (let i = 0; i < data.count; i += 1) {
    if (!isBar(at(data.kind, i)) || at(tree.parent, i) === -2 || isUnattached(data, i)) continue;
    bars.from = Math.min(bars.from, at(start, i));
    bars.to = Math.max(bars.to, at(end, i));
  }
  for (let i = 0; i < data.count; i += 1) {
    if (at(data.inProgress, i) === 1 && at(data.duration, i) < 0) end[i] = Math.max(at(start, i), bars.to);
  }
  return { start, end, bars };
}

interface Extent {
  from: number;
  to: number;
}

/** What the axis shows: all bars, and what is near them; without bars, all. */
function frame(layout: TraceLayout, data: TraceData, bars: Extent): void {
  const length = bars.to - bars.from;
  const near =
    length >= 0 ? Math.max(NEAR * length, Math.min(STAMP_NS, length / 2)) : Number.POSITIVE_INFINITY;
  let { from, to } = bars;
  let own = Number.POSITIVE_INFINITY;
  for (let p = 0; p < layout.joined; p += 1) {
    const start = at(layout.start, p);
    const end = at(layout.end, p);
    if (!(start < bars.from - near)) from = Math.min(from, start);
    if (!(end > bars.to + near)) to = Math.max(to, end);
    const row = at(layout.row, p);
    if (row >= 0 && row < data.own && isBar(at(layout.kind, p))) own = Math.min(own, start);
  }
  layout.from = Number.isFinite(from) ? from : 0;
  layout.to = Number.isFinite(to) ? to : 0;
  layout.zero = Number.isFinite(own) ? own : Math.max(layout.from, Math.min(bars.from, layout.to));
  layout.lasted = length >= 0 ? length : layout.to - layout.from;
}

/** Lays a trace out. Linear in rows but for one sort. */
export function layoutTrace(data: TraceData): TraceLayout {
  const tree = link(data);
  const { start, end, bars } = extents(data, tree);
  const drawn: number[] = [];
  for (let i = 0; i < tree.total; i += 1) if (at(tree.parent, i) !== -2) drawn.push(i);
  // Parents that never arrived come after those that did, and what is not joined after all.
  const late = (i: number) => (i >= data.count ? 1 : isUnattached(data, i) ? 2 : 0);
  const order = Int32Array.from(
    drawn.sort(
      (a, b) => late(a) - late(b) || at(start, a) - at(start, b) || at(end, b) - at(end, a) || a - b,
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
  frame(layout, data, bars);
  selfTimes(layout);
  placeNotes(layout, data, tree.notes);
  markAliases(layout, data);
  return layout;
}

function emptyLayout(count: number, notes: number): TraceLayout {
  return {
    count,
    joined: 0,
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
    moved: new Map(),
    deepest: 0,
    from: 0,
    to: 0,
    zero: 0,
    lasted: 0,
    kinds: [0, 0, 0, 0, 0],
    failed: 0,
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
    layout.joined = p + 1;
    layout.kinds[Kind.missing] = (layout.kinds[Kind.missing] ?? 0) + 1;
    layout.missing.set(p, tree.missing[node - data.count] ?? '');
    return;
  }
  const kind = at(data.kind, node);
  layout.kind[p] = kind;
  layout.times[p] = at(tree.times, node);
  let flags = tree.ring.has(node) ? Flag.ring : 0;
  if (hasFailed(data, node)) flags |= Flag.error;
  if (at(data.inProgress, node) === 1 && at(data.duration, node) < 0) flags |= Flag.open;
  if (at(tree.placed, node) === 1) flags |= Flag.placed;
  else if (parent >= 0 && !(flags & Flag.open) && isBar(kind) && isBar(at(layout.kind, parent))) {
    const early = at(start, node) < at(layout.start, parent) - TOLERANCE_NS;
    const late = at(start, node) > at(layout.end, parent) + TOLERANCE_NS;
    if (early || late) flags |= Flag.startsOutside;
    if (at(end, node) > at(layout.end, parent) + TOLERANCE_NS) flags |= Flag.endsOutside;
  }
  layout.flags[p] = flags;
  if (isUnattached(data, node)) return;
  layout.joined = p + 1;
  layout.kinds[kind] = (layout.kinds[kind] ?? 0) + 1;
  if (isBar(kind) && flags & Flag.error) layout.failed += 1;
}

function hasFailed(data: TraceData, row: number): boolean {
  const kind = at(data.kind, row);
  if (kind === Kind.log) return BAD.has(word(data, at(data.severity, row)).toLowerCase());
  return kind === Kind.error || at(data.status, row) === STATUS_ERROR;
}

/** Subtree sizes and failed rows below: children come after parents, so one pass backwards. */
function sumUp(layout: TraceLayout): void {
  for (let p = layout.count - 1; p >= 0; p -= 1) {
    const parent = at(layout.parent, p);
    if (parent < 0) continue;
    layout.size[parent] = at(layout.size, parent) + at(layout.size, p);
    if (at(layout.flags, p) & (Flag.error | Flag.errorBelow))
      layout.flags[parent] = at(layout.flags, parent) | Flag.errorBelow;
  }
}

/** Time of a span in which none of its child spans ran. Siblings come by start, so their union is one sweep. */
function selfTimes(layout: TraceLayout): void {
  const covered = new Float64Array(layout.count);
  const sweep = Float64Array.from(layout.start);
  for (let p = 0; p < layout.count; p += 1) {
    const parent = at(layout.parent, p);
    // A segment beside a span tells of the same time again: it takes none of it.
    if (parent < 0 || !isBar(at(layout.kind, p)) || at(layout.flags, p) & Flag.placed) continue;
    const from = Math.max(at(layout.start, p), at(sweep, parent));
    const to = Math.min(at(layout.end, p), at(layout.end, parent));
    if (to <= from) continue;
    covered[parent] = at(covered, parent) + to - from;
    sweep[parent] = to;
  }
  for (let p = 0; p < layout.count; p += 1) {
    if (!isBar(at(layout.kind, p))) continue;
    layout.self[p] = Math.max(0, at(layout.end, p) - at(layout.start, p) - at(covered, p));
  }
}

/** Two traces, or a span and its segment, may have one span id. */
function markAliases(layout: TraceLayout, data: TraceData): void {
  const both = (layout.kinds[Kind.span] ?? 0) > 0 && (layout.kinds[Kind.segment] ?? 0) > 0;
  if (!both && data.own === data.count) return;
  const seen = new Set<string>();
  for (let p = 0; p < layout.count; p += 1) {
    const row = at(layout.row, p);
    if (row < 0 || !isBar(at(layout.kind, p))) continue;
    const id = hexAt(data.spanIds, row, 8);
    if (id === '') continue;
    if (seen.has(id)) layout.flags[p] = at(layout.flags, p) | Flag.alias;
    seen.add(id);
  }
}

/** Puts span events and links to their spans. One whose span never arrived goes to the first row, not away. */
function placeNotes(layout: TraceLayout, data: TraceData, notes: readonly number[]): void {
  if (layout.count === 0) return;
  const bySpan = new Map<string, number>();
  for (let p = 0; p < layout.count; p += 1) {
    const row = at(layout.row, p);
    const id = row < 0 ? (layout.missing.get(p) ?? '') : hexAt(data.spanIds, row, 8);
    if (id !== '' && (row < 0 || isBar(at(layout.kind, p))) && !bySpan.has(id)) bySpan.set(id, p);
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
