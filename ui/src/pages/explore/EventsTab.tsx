import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import { rowsQuery } from '@/api/queries.ts';
import type { Ask, Row } from '@/api/types.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { count, measured, valueText } from '@/lib/format.ts';
import { dateTime } from '@/lib/time.ts';
import type { Question } from '@/query/model.ts';
import { EventPanel } from './EventPanel.tsx';
import styles from './EventsTab.module.css';
import { columnsFor } from './events.ts';
import { Skeleton } from './Skeleton.tsx';

const LIMIT = 1000;
const ROW = 24;

interface Props {
  ask: Ask;
  question: Question;
  /** Id of the open event. */
  open: string | undefined;
  setOpen: (id: string | undefined) => void;
  openTrace: (row: Row) => void;
}

/** The events themselves, newest first, each with all its fields. */
export function EventsTab({ ask, question, open, setOpen, openTrace }: Props) {
  const query = useQuery(rowsQuery(ask, LIMIT));
  const place = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState(0);
  const rows = query.data?.rows ?? [];
  const columns = useMemo(() => columnsFor(query.data?.rows ?? [], question), [query.data, question]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={12} />;
  if (rows.length === 0) {
    return (
      <Empty title="No event here">
        <p>No event lies in this range with these conditions.</p>
      </Empty>
    );
  }
  const shown = rows.find((row) => row.event_id === open);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 20, PageUp: -20 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.min(rows.length - 1, Math.max(0, cursor + step));
      setCursor(next);
      virtual.scrollToIndex(next);
      if (shown) setOpen(String(rows[next]?.event_id));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      setOpen(String(rows[cursor]?.event_id));
    } else if (event.key === 'Escape' && shown) {
      event.preventDefault();
      setOpen(undefined);
    }
  };
  const template = { gridTemplateColumns: `200px ${columns.map(widthOf).join(' ')} minmax(120px, 1fr)` };
  return (
    <div className={styles.split}>
      <div
        className={styles.place}
        ref={place}
        role="grid"
        aria-rowcount={rows.length + 1}
        aria-label={`${count(rows.length)} events, newest first`}
        tabIndex={0}
        onKeyDown={move}
        aria-activedescendant={`event-${cursor}`}
      >
        <div className={`${styles.row} ${styles.head}`} style={template} role="row" aria-rowindex={1}>
          <span role="columnheader">time (UTC)</span>
          {columns.map((column) => (
            <span key={column} role="columnheader" className="cut">
              {column}
            </span>
          ))}
          <span role="columnheader" className="muted">
            {query.data.more ? `the newest ${count(rows.length)}` : count(rows.length)}
          </span>
        </div>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const id = String(row.event_id);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the focus and answers the keys
              <div
                key={id}
                id={`event-${item.index}`}
                role="row"
                aria-rowindex={item.index + 2}
                aria-selected={id === open}
                className={`${styles.row} ${styles.body}${id === open ? ` ${styles.on}` : ''}${item.index === cursor ? ` ${styles.cursor}` : ''}`}
                style={{ ...template, transform: `translateY(${item.start}px)` }}
                onClick={() => {
                  setCursor(item.index);
                  setOpen(id === open ? undefined : id);
                }}
              >
                <span role="gridcell" className="mono">
                  {timeOf(row)}
                </span>
                {columns.map((column) => {
                  const value = row[column];
                  return (
                    <span
                      key={column}
                      role="gridcell"
                      className={`cut${typeof value === 'number' ? ` ${styles.number}` : ''}`}
                      title={valueText(value)}
                    >
                      {value === undefined || value === null ? (
                        <span className="muted">–</span>
                      ) : typeof value === 'number' ? (
                        measured(column, value)
                      ) : (
                        valueText(value)
                      )}
                    </span>
                  );
                })}
                <span role="gridcell" className={styles.last}>
                  {typeof row['trace.trace_id'] === 'string' ? (
                    <button
                      type="button"
                      className="link"
                      tabIndex={-1}
                      onClick={(event) => {
                        event.stopPropagation();
                        openTrace(row);
                      }}
                    >
                      trace
                    </button>
                  ) : null}
                </span>
              </div>
            );
          })}
        </div>
      </div>
      {shown ? (
        <EventPanel row={shown} close={() => setOpen(undefined)} openTrace={() => openTrace(shown)} />
      ) : null}
    </div>
  );
}

function timeOf(row: Row): string {
  const text = row.timestamp_ns;
  return typeof text === 'string' ? dateTime(Number(BigInt(text) / 1000n) / 1000) : '';
}

function widthOf(column: string): string {
  if (column === 'name') return 'minmax(140px, 2fr)';
  return /duration|status|kind|count|length|code|error$/.test(column)
    ? 'minmax(72px, 120px)'
    : 'minmax(96px, 1.4fr)';
}
