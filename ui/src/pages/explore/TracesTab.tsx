import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { tracesQuery } from '@/api/queries.ts';
import type { Ask, TraceSummary } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { colourIndexes } from '@/lib/color.ts';
import { count, duration } from '@/lib/format.ts';
import { dateTime } from '@/lib/time.ts';
import { Skeleton } from './Skeleton.tsx';
import styles from './TracesTab.module.css';

const SHOWN = 10;

/** The slowest traces behind the answer. */
export function TracesTab({ env, ask }: { env: string; ask: Ask }) {
  const query = useQuery(tracesQuery(ask, 'slowest', SHOWN));
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={SHOWN} />;
  if (query.data.length === 0) {
    return (
      <Empty title="No trace here">
        <p>No root span lies in this range with these conditions.</p>
      </Empty>
    );
  }
  const longest = Math.max(...query.data.map(lengthMs));
  const colours = colourIndexes(query.data.flatMap((one) => one.services.map((of) => of.service)));
  return (
    <div className={styles.place}>
      <table className="l">
        <thead>
          <tr>
            <th>root span</th>
            <th>services</th>
            <th className="num">spans</th>
            <th className="num">errors</th>
            <th className="num on" aria-sort="descending">
              duration
            </th>
            <th className={styles.bar}>
              <span className="vh">duration as a bar</span>
            </th>
            <th className="hide-s">start (UTC)</th>
          </tr>
        </thead>
        <tbody>
          {query.data.map((one) => (
            <tr key={one.trace_id}>
              <td className={styles.root}>
                <Link
                  {...paths.trace(env, one.trace_id)}
                  search={{ from: one.start_ns, to: endOf(one) }}
                  className="link"
                  title={one.trace_id}
                >
                  {one.root_name ?? 'root span missing'}
                </Link>{' '}
                <span className="muted">{one.root_service}</span>
                {one.error ? <span className={`tag err ${styles.tag}`}>error</span> : null}
              </td>
              <td>
                <span className={styles.services}>
                  {one.services.slice(0, 4).map(({ service, spans }) => (
                    <span key={service} className="row" title={`${count(spans)} spans of ${service}`}>
                      <span
                        className="sw"
                        style={{ background: `var(--c${colours.get(service)?.index ?? 1})` }}
                      />
                      {service} <span className="muted">{spans}</span>
                    </span>
                  ))}
                  {one.services.length > 4 ? <span className="muted">+{one.services.length - 4}</span> : null}
                </span>
              </td>
              <td className="num">{count(one.spans)}</td>
              <td className={`num${one.errors > 0 ? ' t-danger' : ' muted'}`}>{count(one.errors)}</td>
              <td className="num strong">{one.duration_ns === null ? '–' : duration(lengthMs(one))}</td>
              <td className={styles.bar}>
                <i style={{ width: `${longest > 0 ? (100 * lengthMs(one)) / longest : 0}%` }} />
              </td>
              <td className="hide-s muted">{dateTime(Number(BigInt(one.start_ns) / 1000n) / 1000)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function lengthMs(one: TraceSummary): number {
  return one.duration_ns === null ? 0 : Number(one.duration_ns) / 1e6;
}

function endOf(one: TraceSummary): string {
  return String(BigInt(one.start_ns) + BigInt(one.duration_ns ?? '0'));
}
