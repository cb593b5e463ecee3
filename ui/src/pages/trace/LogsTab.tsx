import { useMemo, useRef } from 'react';
import { plural } from '@/lib/format.ts';
import { at, Kind, word } from './columns.ts';
import { service, startOf } from './describe.ts';
import { Flag, type TraceLayout } from './layout.ts';
import styles from './trace.module.css';
import type { Others } from './useRequest.ts';
import { useRowWindow } from './useRowWindow.ts';
import type { TraceView } from './useTraceView.ts';

const ROW_PX = 24;
const HEAD_PX = 28;

interface Props {
  view: TraceView;
  others: Others;
  select: (position: number) => void;
}

/** All lines of the request in one list, by time; those that the filter picks. */
export function LogsTab({ view, others, select }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const { data, layout, matches } = view;
  const lines = useMemo(() => linesOf(layout, matches), [layout, matches]);
  const { first, end } = useRowWindow(scroller, lines.length, ROW_PX, HEAD_PX);
  const all = layout.kinds[Kind.log] ?? 0;
  return (
    <section className={styles.tableScroll} ref={scroller} aria-label="Lines of the request">
      <table className="fix" aria-rowcount={lines.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th className="num">Time</th>
            <th>Severity</th>
            <th className={styles.name}>Line</th>
            <th className={styles.service}>From</th>
          </tr>
        </thead>
        <tbody>
          {first > 0 ? <tr className={styles.spacer} style={{ height: first * ROW_PX }} /> : null}
          {Array.from(lines.subarray(first, end), (position, i) => {
            const row = at(layout.row, position);
            const failed = (at(layout.flags, position) & Flag.error) !== 0;
            const text = word(data, at(data.body, row)) || word(data, at(data.name, row));
            return (
              <tr
                key={position}
                aria-rowindex={first + i + 2}
                className={position === view.selected ? 'on' : undefined}
                onClick={() => select(position)}
              >
                <td className="num muted">{startOf(layout, position)}</td>
                <td className={failed ? 't-danger' : 'muted'}>{word(data, at(data.severity, row))}</td>
                <td>
                  <button type="button" className={`mono cut ${styles.cellName}`} title={text}>
                    {text}
                  </button>
                </td>
                <td className="muted">{service(data, layout, position)}</td>
              </tr>
            );
          })}
          {end < lines.length ? (
            <tr className={styles.spacer} style={{ height: (lines.length - end) * ROW_PX }} />
          ) : null}
        </tbody>
      </table>
      {lines.length === 0 ? (
        <p className={styles.nothing}>
          {all > 0
            ? `None of ${plural(all, 'line')} matches the filter.`
            : others.state === 'asking'
              ? 'Asking the other sources…'
              : 'No line of this request has arrived.'}
        </p>
      ) : null}
    </section>
  );
}

function linesOf(layout: TraceLayout, matches: Uint8Array | undefined): Int32Array {
  const found: number[] = [];
  for (let p = 0; p < layout.joined; p += 1) {
    if (at(layout.kind, p) === Kind.log && (!matches || at(matches, p) === 1)) found.push(p);
  }
  return Int32Array.from(found.sort((a, b) => at(layout.start, a) - at(layout.start, b) || a - b));
}
