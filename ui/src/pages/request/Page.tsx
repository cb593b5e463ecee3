import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { requestQuery } from '@/api/request.ts';
import { useEnvironment } from '@/app/environment.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { duration, plural } from '@/lib/format.ts';
import { dateTime, nanos, toMs } from '@/lib/time.ts';
import { countsOf, NAMES, sureness, TAGS } from './model.ts';
import { RequestRows } from './RequestRows.tsx';
import styles from './request.module.css';
import type { RequestSearch } from './search.ts';

/** One request in all four sources, on one time line: what is of it, why, and what may be. */
export function RequestPage() {
  const { slug: env } = useEnvironment();
  const search: RequestSearch = useSearch({ strict: false });
  const ask = { trace: search.trace, span: search.span, event: search.event, at: search.at };
  const query = useQuery(requestQuery(env, ask));
  if (ask.trace === undefined && ask.event === undefined) {
    return (
      <Empty title="Which request?">
        <p>Open it from a span, a segment, a log line or an error: each has “Same request”.</p>
      </Empty>
    );
  }
  if (query.isError)
    return (
      <Failure error={query.error} retry={() => void query.refetch()} title="The request was not found" />
    );
  const request = query.data;
  if (!request) return <div className="skeleton" aria-busy="true" />;
  const ms = Number(BigInt(request.end_ns) - BigInt(request.start_ns)) / 1e6;
  const joined = request.joins.filter((join) => join.tier !== 'asked');
  return (
    <>
      <div className={`bar ${styles.sum}`}>
        <b className="strong">{duration(ms)}</b>
        <span className="muted">{dateTime(toMs(nanos(request.start_ns)))} UTC</span>
        {countsOf(request).map(([source, n]) => (
          <span key={source} className="row">
            <span className="tag">{TAGS[source]}</span> {plural(n, ...NAMES[source])}
          </span>
        ))}
      </div>
      <RequestRows env={env} request={request} />
      <section aria-label="Why they are together">
        <div className="head">
          <h2>Why they are together</h2>
          <span className="muted">nothing below {Math.round(request.threshold * 100)} % is joined</span>
        </div>
        <ul className={styles.joins}>
          {joined.map((join, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: joins of one answer never move
            <li key={i}>
              <span className="tag">{TAGS[join.source]}</span>
              <b className="strong">{sureness(join)}</b>
              <span>{join.reason}</span>
            </li>
          ))}
          {joined.length === 0 ? <li className="muted">No other source has rows of this request.</li> : null}
          {request.unattached.map((one) => (
            <li key={one.event_id} className="muted">
              <span className="tag">{TAGS[one.source]}</span>
              <b>not joined, {Math.round(one.score * 100)} % sure</b>
              <span>{one.reason}</span>
            </li>
          ))}
          {request.notices.map((notice) => (
            <li key={notice} className="t-warn">
              {notice}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
