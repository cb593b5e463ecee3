// Who stands below whom: by the ids that rows carry, and where they carry none, by time.

import { at, hexAt, isBar, Kind, NO_JOIN, type TraceData, toldAt } from './columns.ts';
import { placeByTime } from './place.ts';

/** Parents of rows; positions come later. */
export interface Tree {
  /** Rows, then one entry per missing parent. */
  total: number;
  /** Row of the parent; -1 for roots, -2 for rows that are not drawn themselves (annotations, repeats). */
  parent: Int32Array;
  /** Span ids of parents that never arrived. */
  missing: string[];
  notes: number[];
  times: Uint16Array;
  ring: Set<number>;
  /** 1 where the parent is not the one the row names, but the one whose time it lies in. */
  placed: Uint8Array;
}

function sameSpan(data: TraceData, a: number, b: number): boolean {
  return (
    data.kind[a] === data.kind[b] &&
    data.name[a] === data.name[b] &&
    data.service[a] === data.service[b] &&
    toldAt(data, a) === toldAt(data, b) &&
    data.duration[a] === data.duration[b]
  );
}

/** Rows that only may be of the request stand by themselves, after all others. */
export const isUnattached = (data: TraceData, row: number): boolean => at(data.join, row) < NO_JOIN;

/** Finds each row's parent. */
export function link(data: TraceData): Tree {
  const { count } = data;
  const times = new Uint16Array(count).fill(1);
  // Two traces may use one span id; within one it names one span.
  const many = data.own < count;
  const key = (ids: Uint8Array, i: number) => {
    const id = hexAt(ids, i, 8);
    return id === '' || !many ? id : `${data.trace[i]} ${id}`;
  };
  // Spans that were sent as segments too have their ids twice: each finds its parent among its like first.
  const owners = { spans: new Map<string, number>(), segments: new Map<string, number>() };
  const isSegment = (i: number) => at(data.kind, i) === Kind.segment;
  const ownerOf = (id: string, i: number) =>
    isSegment(i)
      ? (owners.segments.get(id) ?? owners.spans.get(id))
      : (owners.spans.get(id) ?? owners.segments.get(id));
  const repeats = new Set<number>();
  for (let i = 0; i < count; i += 1) {
    if (!isBar(at(data.kind, i)) || data.annotation[i] !== 0 || isUnattached(data, i)) continue;
    const id = key(data.spanIds, i);
    if (id === '') continue;
    const owner = isSegment(i) ? owners.segments : owners.spans;
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
    if (isUnattached(data, i)) {
      parent[i] = -1;
      continue;
    }
    // What lines carry is called an annotation too; they are rows of their own.
    if (data.annotation[i] !== 0 && isBar(at(data.kind, i))) {
      parent[i] = -2;
      notes.push(i);
      continue;
    }
    if (repeats.has(i)) {
      parent[i] = -2;
      continue;
    }
    // A log line or an occurrence belongs to the span it was written in.
    const inside = isBar(at(data.kind, i)) ? '' : key(data.spanIds, i);
    const id = inside || key(data.parentIds, i);
    if (id === '') {
      parent[i] = -1;
      continue;
    }
    const found = ownerOf(id, i);
    if (found !== undefined) {
      parent[i] = found === i ? -1 : found;
      continue;
    }
    let place = ghost.get(id);
    if (place === undefined) {
      place = count + missing.length;
      ghost.set(id, place);
      missing.push(id.slice(-16));
    }
    parent[i] = place;
  }
  for (let m = 0; m < missing.length; m += 1) parent.push(-1);
  const tree: Tree = {
    total: count + missing.length,
    parent: Int32Array.from(parent),
    missing,
    notes,
    times,
    ring: new Set(),
    placed: new Uint8Array(count + missing.length),
  };
  placeByTime(data, tree);
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
