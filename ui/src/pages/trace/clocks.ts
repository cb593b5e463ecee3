// Moves what another clock stamped into the span that waited for it: "clock fix" (ui.md §6).

import { at, isBar, type TraceData } from './columns.ts';
import { Flag, layoutTrace, type TraceLayout } from './layout.ts';
import type { LaidOut } from './load.ts';

/**
 * By how many nanoseconds each subtree is moved, by position of its head. A call to another service that lies outside
 * of its parent, though it is no longer, was stamped by a clock that differs: it moves by the least that brings it inside.
 * What starts after its parent ended was handed on, and what outlasts it needs no other clock: both stay. So do
 * calls within one service, which has one clock.
 */
export function clockShifts(layout: TraceLayout, data: TraceData): Map<number, number> {
  const shifts = new Map<number, number>();
  for (let p = 0; p < layout.joined; p += 1) {
    const flags = at(layout.flags, p);
    if (!(flags & (Flag.startsOutside | Flag.endsOutside)) || !isBar(at(layout.kind, p))) continue;
    const parent = at(layout.parent, p);
    const [row, parentRow] = [at(layout.row, p), at(layout.row, parent)];
    if (row < 0 || parentRow < 0) continue;
    const [own, above] = [at(data.service, row), at(data.service, parentRow)];
    if (own < 0 || above < 0 || own === above) continue;
    const [start, end] = [at(layout.start, p), at(layout.end, p)];
    const [from, to] = [at(layout.start, parent), at(layout.end, parent)];
    if (end - start > to - from || start > to) continue;
    shifts.set(p, start < from ? from - start : to - end);
  }
  return shifts;
}

/** The same request with those subtrees where their parents say they ran. */
export function fixClocks(laidOut: LaidOut, shifts: Map<number, number>): LaidOut {
  const { data, layout } = laidOut;
  if (shifts.size === 0) return laidOut;
  const start = data.start.slice();
  const sums = new Float64Array(layout.count);
  for (let p = 0; p < layout.count; p += 1) {
    const parent = at(layout.parent, p);
    const along = parent >= 0 && (!(at(layout.flags, p) & Flag.placed) || isOfOne(layout, data, p, parent));
    const sum = (along ? at(sums, parent) : 0) + (shifts.get(p) ?? 0);
    sums[p] = sum;
    if (sum === 0) continue;
    const row = at(layout.row, p);
    if (row >= 0) start[row] = at(start, row) + sum;
    for (let k = at(layout.noteStart, p); k < at(layout.noteStart, p + 1); k += 1) {
      const note = at(layout.notes, k);
      start[note] = at(start, note) + sum;
    }
  }
  const moved = { ...data, start, told: data.start };
  const next = layoutTrace(moved);
  const byRow = new Map([...shifts.keys()].map((p) => [at(layout.row, p), at(sums, p)]));
  for (let p = 0; p < next.count; p += 1) {
    const by = byRow.get(at(next.row, p));
    if (by !== undefined) next.moved.set(p, by);
  }
  return { ...laidOut, data: moved, layout: next };
}

/** Whether a row that stands under another for its time has the clock of it: only those of one service are known to. */
function isOfOne(layout: TraceLayout, data: TraceData, p: number, parent: number): boolean {
  const [row, host] = [at(layout.row, p), at(layout.row, parent)];
  return (
    row >= 0 && host >= 0 && at(data.service, row) >= 0 && at(data.service, row) === at(data.service, host)
  );
}
