import { Link } from '@tanstack/react-router';
import type { Request } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { duration } from '@/lib/format.ts';
import { type Placed, placed, sureness, TAGS, titleOf } from './model.ts';
import styles from './request.module.css';

/** Rows of all sources by time: a span is a bar, a segment an outline, a line a tick, an error a diamond. */
export function RequestRows({ env, request }: { env: string; request: Request }) {
  return (
    <div className={styles.rows} role="list" aria-label="Rows of the request">
      {placed(request).map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span sent twice has one identity
        <Row key={`${one.row.event_id} ${i}`} env={env} one={one} startNs={request.start_ns} />
      ))}
    </div>
  );
}

function Row({ env, one, startNs }: { env: string; one: Placed; startNs: string }) {
  const { row, join } = one;
  const after = Number(BigInt(row.ts_ns) - BigInt(startNs)) / 1e6;
  const content = (
    <>
      <span className={styles.name} style={{ paddingLeft: one.depth * 12 }}>
        <span className="tag">{TAGS[row.source]}</span>
        <span className={`cut ${row.source === 'lines' ? 'mono' : ''}`} title={titleOf(row)}>
          {titleOf(row)}
        </span>
        {row.service ? <span className="muted hide-s">{row.service}</span> : null}
      </span>
      <span className={styles.lane} aria-hidden="true">
        {one.width !== undefined ? (
          <span
            className={`${styles.bar} ${styles[row.source] ?? ''} ${row.status === 'error' ? styles.failed : ''}`}
            style={{ left: `${one.left * 100}%`, width: `${one.width * 100}%` }}
          />
        ) : (
          <span
            className={row.source === 'occurrences' ? styles.diamond : styles.tick}
            style={{ left: `${one.left * 100}%` }}
          />
        )}
      </span>
      <span className="num">
        {row.duration_ns ? duration(Number(BigInt(row.duration_ns)) / 1e6) : `+${duration(after)}`}
      </span>
      <span className={`${styles.why} cut`} title={join?.reason}>
        {join ? sureness(join) : ''}
      </span>
    </>
  );
  if (row.trace_id && (row.source === 'spans' || row.source === 'segments')) {
    return (
      <div role="listitem">
        <Link
          {...paths.trace(env, row.trace_id)}
          search={row.span_id ? { span: row.span_id } : {}}
          className={styles.row}
        >
          {content}
        </Link>
      </div>
    );
  }
  return (
    <div role="listitem">
      <Link {...paths.request(env)} search={{ event: row.event_id, at: row.ts_ns }} className={styles.row}>
        {content}
      </Link>
    </div>
  );
}
