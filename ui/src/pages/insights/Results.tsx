import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { LogQueryAnswer } from '@/api/types.ts';
import { Empty } from '@/design/Empty.tsx';
import { count } from '@/lib/format.ts';
import styles from './insights.module.css';
import { type Column, columnsOf } from './model.ts';

/** Rows of the answer as a table. */
export function Results({ answer }: { answer: LogQueryAnswer }) {
  const place = useRef<HTMLDivElement>(null);
  const columns = columnsOf(answer);
  const virtual = useVirtualizer({
    count: answer.rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => 24,
    overscan: 20,
  });
  if (answer.rows.length === 0) {
    return (
      <Empty title="No row">
        <p>{answer.scanned === 0 ? 'No line lies in this time: widen it.' : 'No line passes the filters.'}</p>
      </Empty>
    );
  }
  const template = { gridTemplateColumns: columns.map(widthOf).join(' ') };
  return (
    <div
      ref={place}
      className={styles.rows}
      role="grid"
      aria-label={`${count(answer.rows.length)} rows`}
      aria-rowcount={answer.rows.length + 1}
      tabIndex={0}
    >
      <div className={`${styles.row} ${styles.head}`} style={template} role="row" aria-rowindex={1}>
        {columns.map((one) => (
          <span key={one.at} role="columnheader" className={cellOf(one)}>
            {one.name}
          </span>
        ))}
      </div>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {virtual.getVirtualItems().map((item) => (
          <div
            key={item.key}
            role="row"
            aria-rowindex={item.index + 2}
            className={`${styles.row} ${styles.body}`}
            style={{ ...template, transform: `translateY(${item.start}px)` }}
          >
            {columns.map((one) => {
              const value = answer.rows[item.index]?.[one.at];
              return (
                <span key={one.at} role="gridcell" className={cellOf(one)} title={value ?? undefined}>
                  {value ?? <span className="muted">–</span>}
                </span>
              );
            })}
          </div>
        ))}
      </div>
    </div>
  );
}

const cellOf = ({ kind }: Column) => `cut${kind === 'number' ? ' num' : ''}`;

function widthOf({ name, kind }: Column): string {
  if (kind === 'time') return '196px';
  if (kind === 'number') return 'minmax(96px, 160px)';
  return name === '@message' ? 'minmax(240px, 4fr)' : 'minmax(112px, 1fr)';
}
