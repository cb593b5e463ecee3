import { useMemo, useState } from 'react';
import { colourIndexes } from '@/lib/color.ts';
import { parseWindow, type TimeWindow } from './axis.ts';
import { at, Kind, word } from './columns.ts';
import { findRow, service } from './describe.ts';
import { countMarks, matchRows, parseFilter } from './filter.ts';
import type { LaidOut } from './load.ts';
import type { TraceSearch } from './search.ts';
import { foldBelow, keepWithParents, lastSiblings, siblingPlaces, visibleRows } from './visible.ts';

/** From here on a trace opens folded below its first levels: nobody reads 20,000 open rows from the top. */
const FOLD_FROM_ROWS = 20_000;
const FOLD_BELOW_DEPTH = 4;

/** Everything the parts of the page draw from, derived once a change. */
export type TraceView = ReturnType<typeof useTraceView>;

export function useTraceView(laidOut: LaidOut, search: TraceSearch) {
  const { data, layout } = laidOut;
  const [folded, setFolded] = useState(() =>
    layout.count > FOLD_FROM_ROWS ? foldBelow(layout, FOLD_BELOW_DEPTH) : new Uint8Array(layout.count),
  );
  // A trace that was fetched again may have grown; positions then mean other rows.
  const [foldedOf, setFoldedOf] = useState(layout);
  if (foldedOf !== layout) {
    setFoldedOf(layout);
    if (foldedOf.count !== layout.count) setFolded(new Uint8Array(layout.count));
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
  const selected = named >= 0 ? named : layout.count > 0 ? 0 : -1;

  const lost = search.span !== undefined && search.span !== '' && named < 0;
  // One object as long as nothing changed: rows are drawn anew when it does.
  return useMemo(
    () => ({
      data,
      layout,
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
      /** The address names a row that this trace does not have. */
      lost,
    }),
    [
      data,
      layout,
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
      fold,
      lost,
    ],
  );
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
    if (at(layout.kind, p) !== Kind.span) continue;
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
  return found && at(view.layout.kind, position) === Kind.span ? `var(--c${found.colour})` : 'var(--border)';
}
