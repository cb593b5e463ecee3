import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { requestQuery } from '@/api/request.ts';
import type { Occurrence } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { duration, plural } from '@/lib/format.ts';
import { BEFORE_MS, justBefore } from './before.ts';
import styles from './item.module.css';

/** What the same request did right before it happened, as all sources tell it. */
export function JustBefore({ env, occurrence }: { env: string; occurrence: Occurrence }) {
  const { data } = useQuery(requestQuery(env, { event: occurrence.event_id, at: occurrence.ts_ns }));
  if (!data) return null;
  const { list, more } = justBefore(data.rows, occurrence.event_id, occurrence.ts_ns);
  if (list.length === 0) return null;
  return (
    <section aria-label="Just before">
      <div className={styles.beforeHead}>
        <h3 className="strong">Just before</h3>
        <span className="muted">
          same request, all sources{more > 0 ? `; ${plural(more, 'row')} more in ${duration(BEFORE_MS)}` : ''}
        </span>
        <span className="grow" />
        {occurrence.trace_id ? (
          <Link
            {...paths.trace(env, occurrence.trace_id)}
            search={occurrence.span_id ? { span: occurrence.span_id } : {}}
            className="link"
          >
            Open the trace
          </Link>
        ) : (
          <Link
            {...paths.request(env)}
            search={{ event: occurrence.event_id, at: occurrence.ts_ns }}
            className="link"
          >
            Open the request
          </Link>
        )}
      </div>
      <ul className={styles.before}>
        {list.map((one) => (
          <li key={one.id}>
            <span className="muted">
              {one.ms === 0 ? '' : '−'}
              {duration(one.ms)}
            </span>
            <span className="tag">{one.tag}</span>
            <span className={`cut${one.bad ? ' t-danger' : ''}`} title={one.text}>
              {one.text}
              {one.durationMs === undefined ? '' : `, ${duration(one.durationMs)}`}
            </span>
            <span className="muted cut">{one.where}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
