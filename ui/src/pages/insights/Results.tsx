import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import type { LogQueryAnswer } from '@/api/types.ts';
import { Empty } from '@/design/Empty.tsx';
import { count } from '@/lib/format.ts';
import styles from './insights.module.css';

/** The pointer to a line is for programs. */
const HIDDEN = '@ptr';

/** Rows of the answer as a table. */
export function Results({ answer }: { answer: LogQueryAnswer }) {
  const place = useRef<HTMLDivElement>(null);
  const columns = answer.columns
    .map((column, at) => ({ name: column.name, at }))
    .filter((one) => one.name !== HIDDEN);
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
  const template = { gridTemplateColumns: columns.map((one) => widthOf(one.name)).join(' ') };
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
          <span key={one.at} role="columnheader" className="cut">
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
                <span key={one.at} role="gridcell" className="cut" title={value ?? undefined}>
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

function widthOf(name: string): string {
  if (name === '@timestamp' || name === '@ingestionTime' || /^bin\(/u.test(name)) return '196px';
  return name === '@message' ? 'minmax(240px, 4fr)' : 'minmax(112px, 1fr)';
}
