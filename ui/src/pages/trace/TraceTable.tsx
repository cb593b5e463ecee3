import { useMemo, useRef } from 'react';
import { count, share } from '@/lib/format.ts';
import { at, Kind } from './columns.ts';
import { length, service, startOf, tag, title } from './describe.ts';
import { Flag, type TraceLayout } from './layout.ts';
import styles from './trace.module.css';
import { useRowWindow } from './useRowWindow.ts';
import { rowColour, type TraceView } from './useTraceView.ts';

const ROW_PX = 24;
const HEAD_PX = 28;
const COLUMNS = ['name', 'service', 'start', 'duration', 'self', 'share'] as const;
type Column = (typeof COLUMNS)[number];
const HEADS: Record<Column, string> = {
  name: 'Row',
  service: 'Service',
  start: 'Start',
  duration: 'Duration',
  self: 'Self',
  share: 'Of all',
};

interface Props {
  view: TraceView;
  sort: string | undefined;
  setSort: (sort: string) => void;
  select: (position: number) => void;
}

/** All rows that the filter picks, in any order. */
export function TraceTable({ view, sort, setSort, select }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const { column, down } = readSort(sort);
  const rows = useMemo(() => sortedRows(view, column, down), [view, column, down]);
  const { first, end } = useRowWindow(scroller, rows.length, ROW_PX, HEAD_PX);
  const shown = Array.from(rows.subarray(first, end));
  return (
    <section className={styles.tableScroll} ref={scroller} aria-label="Rows of the trace as a table">
      <table className="fix" aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {COLUMNS.map((one) => (
              <th
                key={one}
                className={`${one === 'name' || one === 'service' ? '' : 'num'}${column === one ? ' on' : ''} ${styles[one] ?? ''}`}
                aria-sort={column === one ? (down ? 'descending' : 'ascending') : 'none'}
              >
                <button type="button" onClick={() => setSort(column === one && !down ? `-${one}` : one)}>
                  {HEADS[one]} {column === one ? (down ? '↓' : '↑') : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr className={styles.spacer} style={{ height: first * ROW_PX }} /> : null}
          {shown.map((position, i) => (
            <tr
              key={position}
              aria-rowindex={first + i + 2}
              className={position === view.selected ? 'on' : undefined}
              onClick={() => select(position)}
            >
              <td>
                <button type="button" className={`row ${styles.cellName}`}>
                  <span className={`tag ${styles.tag}`}>{tag(view.layout, position)}</span>
                  <span
                    className={`cut${(at(view.layout.flags, position) & Flag.error) === 0 ? '' : ' t-danger'}`}
                  >
                    {title(view.data, view.layout, position)}
                  </span>
                </button>
              </td>
              <td>
                <span className="row">
                  <span className="sw" style={{ background: rowColour(view, position) }} />
                  <span className="cut">{service(view.data, view.layout, position)}</span>
                </span>
              </td>
              <td className="num">{startOf(view.layout, position)}</td>
              <td className="num">{lastingText(view.layout, position, lasting(view.layout, position))}</td>
              <td className="num">{lastingText(view.layout, position, at(view.layout.self, position))}</td>
              <td className="num muted">
                {isPoint(view.layout, position)
                  ? ''
                  : share(lasting(view.layout, position), view.whole.to - view.whole.from)}
              </td>
            </tr>
          ))}
          {end < rows.length ? (
            <tr className={styles.spacer} style={{ height: (rows.length - end) * ROW_PX }} />
          ) : null}
        </tbody>
      </table>
      {rows.length === 0 ? (
        <p className={styles.nothing}>No row of {count(view.layout.count)} matches the filter.</p>
      ) : null}
    </section>
  );
}

/** A line and an error have a time and no length, and what has not ended has none yet. */
const isPoint = (layout: TraceLayout, p: number) =>
  at(layout.kind, p) === Kind.log ||
  at(layout.kind, p) === Kind.error ||
  (at(layout.flags, p) & Flag.open) !== 0;
const lastingText = (layout: TraceLayout, p: number, ns: number) => (isPoint(layout, p) ? '' : length(ns));
const lasting = (layout: TraceLayout, p: number) => at(layout.end, p) - at(layout.start, p);

function readSort(sort: string | undefined): { column: Column; down: boolean } {
  const name = sort?.replace(/^-/u, '') ?? '';
  const column = COLUMNS.find((one) => one === name);
  return column ? { column, down: sort?.startsWith('-') === true } : { column: 'start', down: false };
}

function sortedRows(view: TraceView, column: Column, down: boolean): Int32Array {
  const { data, layout, matches } = view;
  const positions: number[] = [];
  for (let p = 0; p < layout.joined; p += 1) if (!matches || at(matches, p) === 1) positions.push(p);
  // What a row is called is read once a row, not with each comparison.
  const of = column === 'name' ? title : service;
  const words = new Map(
    column === 'name' || column === 'service' ? positions.map((p) => [p, of(data, layout, p)]) : [],
  );
  const byWord = (a: number, b: number) => compare(words.get(a) ?? '', words.get(b) ?? '');
  const by: Record<Column, (a: number, b: number) => number> = {
    name: byWord,
    service: byWord,
    start: (a, b) => at(layout.start, a) - at(layout.start, b),
    duration: (a, b) => lasting(layout, a) - lasting(layout, b),
    self: (a, b) => at(layout.self, a) - at(layout.self, b),
    share: (a, b) => lasting(layout, a) - lasting(layout, b),
  };
  const order = by[column];
  const sign = down ? -1 : 1;
  return Int32Array.from(positions.sort((a, b) => sign * order(a, b) || a - b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
