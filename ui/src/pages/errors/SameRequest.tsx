import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { requestQuery } from '@/api/request.ts';
import type { Occurrence } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { duration, plural } from '@/lib/format.ts';
import styles from './item.module.css';
import { othersOf } from './model.ts';

/** What the other sources have of the request in which it happened. */
export function SameRequest({ env, occurrence }: { env: string; occurrence: Occurrence }) {
  const { data, isError } = useQuery(
    requestQuery(env, {
      trace: undefined,
      span: undefined,
      event: occurrence.event_id,
      at: occurrence.ts_ns,
    }),
  );
  const others = data ? othersOf(data.rows, occurrence.event_id) : [];
  const ms = data ? Number(BigInt(data.end_ns) - BigInt(data.start_ns)) / 1e6 : 0;
  return (
    <section aria-label="Same request">
      <div className={styles.sideCap}>
        <h3 className="strong">Same request</h3>
        <span className="right muted">{others.length > 0 ? duration(ms) : ''}</span>
      </div>
      <ul className={styles.same}>
        {others.map((one) => (
          <li key={one.tag}>
            <span className="tag">{one.tag}</span>
            <Link
              {...paths.request(env)}
              search={{ event: occurrence.event_id, at: occurrence.ts_ns }}
              className="link cut"
            >
              {plural(one.rows, one.one, one.many)}
            </Link>
          </li>
        ))}
        {data && others.length === 0 ? (
          <li className="muted">No other source has rows of this request.</li>
        ) : null}
        {isError ? <li className="muted">Its request was not found.</li> : null}
      </ul>
    </section>
  );
}
