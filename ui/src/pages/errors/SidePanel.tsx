import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { askOf, bubbleUpQuery } from '@/api/queries.ts';
import type { Issue, IssueDetail, Occurrence } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { plural, share } from '@/lib/format.ts';
import { ago, dateTime, nanos, toMs } from '@/lib/time.ts';
import { Hours } from './Hours.tsx';
import styles from './item.module.css';
import { eventText, hourBars, tagShares } from './model.ts';
import { SameRequest } from './SameRequest.tsx';

const DAY_S = 86_400;
const TAG_DAYS = 7;

/** What is true of the item as a whole: how often, of whom, what happened to it. */
export function SidePanel({
  env,
  detail,
  occurrence,
}: {
  env: string;
  detail: IssueDetail;
  occurrence: Occurrence | undefined;
}) {
  const { issue } = detail;
  const now = Date.now();
  const bars = useMemo(() => hourBars(detail.hours, Date.now()), [detail.hours]);
  return (
    <aside className={`panel ${styles.side}`} aria-label="About the item">
      <section>
        <div className={styles.sideCap}>
          <h3 className="strong">Occurrences</h3>
          <span className="muted">{bars.per}</span>
        </div>
        <Hours bars={bars} />
      </section>
      {occurrence ? <SameRequest env={env} occurrence={occurrence} /> : null}
      {occurrence?.trace_id ? (
        <section className={styles.sideRow}>
          <Link
            {...paths.trace(env, occurrence.trace_id)}
            search={occurrence.span_id ? { span: occurrence.span_id } : {}}
            className="link cut"
          >
            Open trace {occurrence.trace_id.slice(0, 6)}…{occurrence.trace_id.slice(-4)}
          </Link>
        </section>
      ) : null}
      <Tags env={env} issue={issue} />
      <section aria-label="History">
        <div className={styles.sideCap}>
          <h3 className="strong">History</h3>
        </div>
        <ul className={styles.timeline}>
          {detail.timeline.map((one, i) => {
            const ms = toMs(nanos(one.at_ns));
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: two things may happen at one time
              <li key={i}>
                <span>
                  {eventText(one)}
                  {one.actor && one.actor !== 'system' ? (
                    <span className="muted"> by {one.actor}</span>
                  ) : null}
                </span>
                <time dateTime={new Date(ms).toISOString()} title={`${dateTime(ms)} UTC`} className="muted">
                  {ago(ms, now)}
                </time>
              </li>
            );
          })}
        </ul>
      </section>
    </aside>
  );
}

/** The commonest values over the item's occurrences of the last days. */
function Tags({ env, issue }: { env: string; issue: Issue }) {
  const ask = askOf(env, issue.dataset, {
    filters: [
      { column: 'rollbar.fingerprint', op: '=', value: issue.fingerprint },
      { column: 'deployment.environment.name', op: '=', value: issue.environment },
    ],
    time_range: TAG_DAYS * DAY_S,
  });
  const facets = useQuery({ ...bubbleUpQuery(ask, undefined, 60), staleTime: 60_000 });
  const tags = facets.data ? tagShares(facets.data) : [];
  if (tags.length === 0) return null;
  return (
    <section aria-label="Tags">
      <div className={styles.sideCap}>
        <h3 className="strong">Tags</h3>
        <span className="muted">
          over {plural(facets.data?.rows_looked_at ?? 0, 'occurrence')} of {TAG_DAYS} days
        </span>
      </div>
      <ul className={styles.tags}>
        {tags.map((one) => (
          <li key={one.field}>
            <span className="mono muted cut" title={one.field}>
              {one.field}
            </span>
            <span className={styles.meter} title={`${one.value}, one of ${one.distinct}`}>
              <i style={{ width: `${Math.min(100, 100 * one.part)}%` }} />
              <span className="mono">{one.value}</span>
            </span>
            <span className="num">{share(one.part, 1)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
