// Where rows stand that name no parent: under the span whose time they lie in, in their service's lane.

import { at, isBar, Kind, NO_JOIN, type TraceData, toldAt } from './columns.ts';
import type { Tree } from './tree.ts';

/** Clocks of one machine agree to about this many nanoseconds, whoever read them. */
const AGREE_NS = 1_000_000;

/**
 * Gives a parent to each row that names none: lines and errors, segments beside spans, other traces' roots, parents
 * that never arrived. Does nothing where the request has no one root: then nobody knows what lies within what.
 */
export function placeByTime(data: TraceData, tree: Tree): void {
  const root = rootOf(data, tree);
  if (root < 0) return;
  const ghost = root >= data.count;
  const main = ghost ? Kind.span : at(data.kind, root);
  const own = ghost ? -1 : at(data.service, root);
  const trace = ghost ? -1 : at(data.trace, root);
  // Most traces have nothing to place, and large ones need not be sorted for it.
  let lanes: Map<number, number[]> | undefined;
  for (let i = 0; i < tree.total; i += 1) {
    if (at(tree.parent, i) !== -1 || i === root || above(tree, root, i)) continue;
    if (i >= data.count) {
      tree.parent[i] = root;
      continue;
    }
    if (at(data.join, i) < NO_JOIN) continue;
    const kind = at(data.kind, i);
    // A trace with several roots of one kind keeps them: they follow one another, not lie in one another.
    if (isBar(kind) && kind === main && at(data.trace, i) === trace) continue;
    const service = at(data.service, i);
    lanes ??= lanesOf(data, tree, main);
    const lane = lanes.get(service < 0 && !isBar(kind) ? own : service) ?? [];
    tree.parent[i] = hostOf(data, tree, lane, i) ?? root;
    tree.placed[i] = 1;
  }
}

/** The one row under which all happened; -1 when there is none or more than one. */
function rootOf(data: TraceData, tree: Tree): number {
  for (const [from, to] of [
    [0, data.own],
    [data.own, data.count],
  ] as const) {
    for (const kind of [Kind.span, Kind.segment]) {
      const top = topsOf(data, tree, from, to, kind);
      if (top.length === 1) return top[0] ?? -1;
      if (top.length > 1) return -1;
    }
  }
  return -1;
}

/** Rows of a kind that stand at the top; of a parent that never arrived, its only child. */
function topsOf(data: TraceData, tree: Tree, from: number, to: number, kind: number): number[] {
  const roots: number[] = [];
  const below = new Map<number, number[]>();
  for (let i = from; i < to; i += 1) {
    if (at(data.kind, i) !== kind || at(data.join, i) < NO_JOIN) continue;
    const parent = at(tree.parent, i);
    if (parent === -1) roots.push(i);
    else if (parent >= data.count) {
      const siblings = below.get(parent);
      if (siblings) siblings.push(i);
      else below.set(parent, [i]);
    }
  }
  // Beside a root that arrived, one that did not is a hole in the middle, not a top.
  if (roots.length > 0) return roots;
  return [...below].map(([ghost, children]) => (children.length === 1 ? (children[0] ?? ghost) : ghost));
}

/** Whether `node` lies above `row`. */
function above(tree: Tree, row: number, node: number): boolean {
  for (
    let p = at(tree.parent, row), steps = 0;
    p >= 0 && steps < 10_000;
    p = at(tree.parent, p), steps += 1
  ) {
    if (p === node) return true;
  }
  return false;
}

/** Bars of the main kind by service. */
function lanesOf(data: TraceData, tree: Tree, kind: number): Map<number, number[]> {
  const lanes = new Map<number, number[]>();
  for (let i = 0; i < data.count; i += 1) {
    if (at(data.kind, i) !== kind || at(tree.parent, i) === -2 || at(data.join, i) < NO_JOIN) continue;
    const lane = lanes.get(at(data.service, i));
    if (lane) lane.push(i);
    else lanes.set(at(data.service, i), [i]);
  }
  return lanes;
}

/** The innermost bar of a lane in whose time row `i` lies; where two run side by side, the one around both. */
function hostOf(data: TraceData, tree: Tree, lane: readonly number[], i: number): number | undefined {
  // Where it is drawn comes after: what a clock that differs stamped was stamped while its host ran by that clock.
  const start = toldAt(data, i);
  const end = start + Math.max(0, at(data.duration, i));
  const bar = isBar(at(data.kind, i));
  const around = new Map<number, number[]>();
  for (const host of lane) {
    const from = toldAt(data, host);
    if (from - AGREE_NS > start || from + Math.max(0, at(data.duration, host)) + AGREE_NS < end) continue;
    // Nothing lies within its own trace's spans but where its ids say.
    if (!bar || at(data.kind, i) !== at(data.kind, host) || at(data.trace, i) !== at(data.trace, host)) {
      around.set(host, []);
    }
  }
  const tops: number[] = [];
  for (const host of around.keys()) {
    let up = at(tree.parent, host);
    for (let steps = 0; up >= 0 && !around.has(up) && steps < 10_000; steps += 1) up = at(tree.parent, up);
    (around.get(up) ?? tops).push(host);
  }
  let found: number | undefined;
  for (let level = tops; level.length === 1; level = around.get(found ?? -1) ?? []) found = level[0];
  return found;
}
