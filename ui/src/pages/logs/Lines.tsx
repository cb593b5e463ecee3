import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { type LinesAsk, linesQuery } from '@/api/logs.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { count } from '@/lib/format.ts';
import { LineRow } from './LineRow.tsx';
import styles from './logs.module.css';
import { OpenLine } from './OpenLine.tsx';
import type { Change } from './Page.tsx';

interface Props {
  ask: LinesAsk;
  /** Id of the open line. */
  open: string | undefined;
  wrap: boolean;
  mark: string;
  dataset: string | undefined;
  change: Change;
}

/** Lines, the newest first; older ones come as one scrolls. */
export function Lines({ ask, open, wrap, mark, dataset, change }: Props) {
  const query = useInfiniteQuery(linesQuery(ask));
  const place = useRef<HTMLDivElement>(null);
  const lines = query.data?.pages.flatMap((page) => page.lines) ?? [];
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => 24,
    overscan: 20,
    getItemKey: (i) => lines[i]?.id ?? i,
  });
  if (query.isError)
    return <Failure error={query.error} retry={() => void query.refetch()} title="The lines did not come" />;
  if (!query.data) return <div className="skeleton" aria-busy="true" />;
  if (lines.length === 0) {
    return (
      <Empty title={ask.filter ? 'No line passes the filter here' : 'No line in this time'}>
        <p>
          {ask.filter
            ? 'Widen the time, or take the filter back.'
            : 'Widen the time, or choose another stream.'}
        </p>
        {ask.filter ? (
          <button type="button" className="btn" onClick={() => change({ filter: undefined })}>
            Drop the filter
          </button>
        ) : (
          <button type="button" className="btn" onClick={() => change({ t: '-24h' })}>
            Look at the last 24 h
          </button>
        )}
      </Empty>
    );
  }
  const items = virtual.getVirtualItems();
  return (
    <div
      ref={place}
      className={styles.lines}
      role="grid"
      aria-label={`${count(lines.length)} lines, newest first`}
      aria-rowcount={query.hasNextPage ? -1 : lines.length}
      tabIndex={0}
      onScroll={({ currentTarget: el }) => {
        const near = el.scrollHeight - el.scrollTop - el.clientHeight < 600;
        if (near && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
      }}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => {
          const line = lines[item.index];
          if (!line) return null;
          const isOpen = line.id === open;
          return (
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              role="presentation"
              style={{ position: 'absolute', insetInline: 0, transform: `translateY(${item.start}px)` }}
            >
              <LineRow
                env={ask.env}
                tsNs={line.ts_ns}
                severity={line.severity}
                message={line.message}
                traceId={line.trace_id}
                mark={mark}
                wrap={wrap}
                open={isOpen}
                toggle={() => change({ line: isOpen ? undefined : line.id }, false)}
              >
                {isOpen ? (
                  // A grid has rows and cells only: what is open is a row of one cell.
                  <div role="row">
                    <div role="gridcell">
                      <OpenLine env={ask.env} group={ask.group} dataset={dataset} line={line} mark={mark} />
                    </div>
                  </div>
                ) : null}
              </LineRow>
            </div>
          );
        })}
      </div>
      {query.hasNextPage ? (
        <div className={styles.more}>
          <button
            type="button"
            className="btn"
            disabled={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {query.isFetchingNextPage ? 'Reading…' : 'Older lines'}
          </button>
        </div>
      ) : null}
    </div>
  );
}
