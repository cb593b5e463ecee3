import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { post } from '@/api/client.ts';
import { askOf } from '@/api/queries.ts';
import type { Rows, SamplingRule } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Failure } from '@/design/Failure.tsx';
import { clockMs, dateTime } from '@/lib/time.ts';
import { DECIDED, decidedOf, whyKept } from './decided.ts';
import styles from './sampling.module.css';

const SHOWN = 12;

const decidedQuery = (env: string) =>
  queryOptions({
    queryKey: ['sampling', 'decided', env],
    queryFn: ({ signal }) =>
      post<Rows>('/rows', { ...askOf(env, undefined, DECIDED), limit: SHOWN }, { signal }),
    staleTime: 5_000,
    refetchInterval: 10_000,
  });

/** Requests that were kept last, by which rule, and why as far as that is known. */
export function DecidedTable({ env, rules }: { env: string; rules: readonly SamplingRule[] }) {
  const query = useQuery(decidedQuery(env));
  const list = decidedOf(query.data?.rows ?? []);
  return (
    <>
      <div className={`head ${styles.top}`}>
        <h2>Decided just now</h2>
        <span className="muted cut">kept traces, and why</span>
      </div>
      {query.isError ? (
        <Failure
          error={query.error}
          retry={() => void query.refetch()}
          title="The traces kept last did not come"
        />
      ) : query.data === undefined ? (
        <div className={`skeleton ${styles.skeleton}`} aria-busy="true" />
      ) : list.length === 0 ? (
        <p className={`muted ${styles.small}`}>
          No segment of the last hour names a rule. SDKs name one when a rule that they fetched here decided;
          not while they decide by rules of their own, and not when the caller had decided.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        <section className={styles.wide} aria-label="Decided just now" tabIndex={0}>
          <table className="fix">
            <colgroup>
              <col style={{ width: 128 }} />
              <col />
              <col style={{ width: 72 }} />
              <col style={{ width: 120 }} />
              <col style={{ width: 248 }} />
              <col style={{ width: 140 }} />
            </colgroup>
            <thead>
              <tr>
                <th>Time, UTC</th>
                <th>Request</th>
                <th className="num">Status</th>
                <th>Rule</th>
                <th>Kept because</th>
                <th>Client</th>
              </tr>
            </thead>
            <tbody>
              {list.map((one) => {
                const why = whyKept(
                  rules.find(({ rule }) => rule.name === one.rule),
                  one.ms,
                );
                return (
                  <tr key={one.key}>
                    <td className="muted" title={dateTime(one.ms)}>
                      {clockMs(one.ms)}
                    </td>
                    <td className="cut" title={one.request}>
                      <Link {...paths.trace(env, one.trace)} search={one.place} className="link">
                        {one.request}
                      </Link>
                    </td>
                    <td className={`num ${one.failed ? 't-danger strong' : 'muted'}`}>{one.status || '–'}</td>
                    <td className="cut" title={one.rule}>
                      {one.rule}
                    </td>
                    <td className="cut" title={why}>
                      {why}
                    </td>
                    <td className="cut" title={one.sdk || undefined}>
                      {one.service}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}
