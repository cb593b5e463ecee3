import { useMemo, useState } from 'react';
import { colourIndexes } from '@/lib/color.ts';
import { parseWindow, type TimeWindow } from './axis.ts';
import { clockShifts, fixClocks } from './clocks.ts';
import { at, isBar, word } from './columns.ts';
import { criticalPath } from './critical.ts';
import { findRow, rowName, service } from './describe.ts';
import { countMarks, matchRows, parseFilter } from './filter.ts';
import type { LaidOut } from './load.ts';
import type { TraceSearch } from './search.ts';
import { foldBelow, keepWithParents, lastSiblings, siblingPlaces, visibleRows } from './visible.ts';

/** From here on a trace opens folded below its first levels: nobody reads 20,000 open rows from the top. */
const FOLD_FROM_ROWS = 20_000;
const FOLD_BELOW_DEPTH = 4;

/** Everything the parts of the page draw from, derived once a change. */
export type TraceView = ReturnType<typeof useTraceView>;

/** `first`: the row that is selected when the address names none. */
export function useTraceView(told: LaidOut, search: TraceSearch, first?: string) {
  const shifts = useMemo(() => clockShifts(told.layout, told.data), [told]);
  const fixes = search.clocks === '1';
  const laidOut = useMemo(() => (fixes ? fixClocks(told, shifts) : told), [fixes, told, shifts]);
  const { data, layout, story } = laidOut;
  const [folded, setFolded] = useState(() =>
    layout.count > FOLD_FROM_ROWS ? foldBelow(layout, FOLD_BELOW_DEPTH) : new Uint8Array(layout.count),
  );
  // Rows of other sources come later, and a trace may grow: positions then mean other rows, what was folded stays.
  const [foldedOf, setFoldedOf] = useState(laidOut);
  if (foldedOf !== laidOut) {
    setFoldedOf(laidOut);
    setFolded(sameFolds(foldedOf, folded, laidOut));
  }
  const fold = folded.length === layout.count ? folded : new Uint8Array(layout.count);

  const services = useMemo(() => servicesOf(laidOut), [laidOut]);
  const places = useMemo(() => siblingPlaces(layout), [layout]);
  const whole: TimeWindow = useMemo(
    () => ({ from: layout.from, to: Math.max(layout.to, layout.from + 1) }),
    [layout],
  );
  const window = useMemo(() => parseWindow(search.w, whole) ?? whole, [search.w, whole]);

  const parsed = useMemo(() => parseFilter(search.f ?? ''), [search.f]);
  const matches = useMemo(
    () => ('filter' in parsed ? matchRows(parsed.filter, data, layout) : undefined),
    [parsed, data, layout],
  );
  const matched = useMemo(() => (matches ? countMarks(matches) : layout.count), [matches, layout]);
  const hide = search.others === 'hide' && matches !== undefined;
  const keep = useMemo(
    () => (hide && matches ? keepWithParents(layout, matches) : undefined),
    [hide, matches, layout],
  );
  const last = useMemo(() => lastSiblings(layout, keep), [layout, keep]);
  const focus = useMemo(() => findRow(data, layout, search.focus), [data, layout, search.focus]);
  const rows = useMemo(() => visibleRows(layout, { folded: fold, keep, focus }), [layout, fold, keep, focus]);
  const named = useMemo(() => findRow(data, layout, search.span), [data, layout, search.span]);
  const asked = useMemo(() => findRow(data, layout, first), [data, layout, first]);
  const selected = named >= 0 ? named : asked >= 0 ? asked : layout.count > 0 ? 0 : -1;

  const wantsPath = search.cp === '1';
  const critical = useMemo(() => (wantsPath ? criticalPath(layout) : undefined), [wantsPath, layout]);

  // It may be one of those that are still sought.
  const lost = story !== undefined && search.span !== undefined && search.span !== '' && named < 0;
  // One object as long as nothing changed: rows are drawn anew when it does.
  return useMemo(
    () => ({
      data,
      layout,
      story,
      folded: fold,
      setFolded,
      services,
      places,
      whole,
      window,
      parsed,
      matches,
      matched,
      hide,
      last,
      focus,
      rows,
      selected,
      /** What the request's end waited for, when it is drawn. */
      critical,
      /** How many rows lie outside of their parent because of a clock, and whether they are drawn inside. */
      clocks: { differ: shifts.size, fixed: fixes },
      /** The address names a row that this trace does not have. */
      lost,
    }),
    [
      data,
      layout,
      story,
      services,
      places,
      whole,
      window,
      parsed,
      matches,
      matched,
      hide,
      last,
      focus,
      rows,
      selected,
      critical,
      shifts,
      fixes,
      fold,
      lost,
    ],
  );
}

/** What is folded in one layout, as it stands in the next. */
function sameFolds(before: LaidOut, folded: Uint8Array, after: LaidOut): Uint8Array {
  const { data, layout } = after;
  const next = new Uint8Array(layout.count);
  const heads = new Set<string>();
  for (let p = 0; p < folded.length; p += 1) {
    if (at(folded, p) === 1) heads.add(rowName(before.data, before.layout, p));
  }
  if (heads.size === 0) return next;
  for (let p = 0; p < layout.count; p += 1) {
    if (at(layout.size, p) > 1 && heads.has(rowName(data, layout, p))) next[p] = 1;
  }
  return next;
}

export interface ServiceInfo {
  name: string;
  spans: number;
  /** 1 to 8: `--c1` … `--c8`. */
  colour: number;
}

/** The services of a trace, most spans first, each with its colour; by name for the rows. */
function servicesOf({ data, layout }: LaidOut): Map<string, ServiceInfo> {
  const spans = new Map<string, number>();
  for (let p = 0; p < layout.count; p += 1) {
    if (!isBar(at(layout.kind, p)) || p >= layout.joined) continue;
    const name = service(data, layout, p);
    spans.set(name, (spans.get(name) ?? 0) + 1);
  }
  // By name, not by order of arrival: the same services have the same colours in every trace.
  const colours = colourIndexes([...spans.keys()].sort());
  return new Map(
    [...spans]
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => [name, { name, spans: count, colour: colours.get(name)?.index ?? 1 }]),
  );
}

/** Colour of a row's service as a CSS value; rows that belong to none are plain. */
export function rowColour(view: Pick<TraceView, 'data' | 'layout' | 'services'>, position: number): string {
  const row = at(view.layout.row, position);
  const name = row < 0 ? '' : word(view.data, at(view.data.service, row));
  const found = view.services.get(name);
  return found && isBar(at(view.layout.kind, position)) ? `var(--c${found.colour})` : 'var(--border)';
}
