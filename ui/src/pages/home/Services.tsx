import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { colourIndex } from '@/lib/color.ts';
import { duration, share, short, valueText } from '@/lib/format.ts';
import { renderValue } from '@/query/text.ts';
import { Spark } from '@/viz/Spark.tsx';
import styles from './home.module.css';
import { numberOf, type Range, type Source, servicesQuery, valuesOf } from './model.ts';
import { type By, nextSort, type Order, sortedRows } from './services.ts';
import { useAnswer } from './useAnswers.ts';

interface Props {
  env: string;
  source: Source;
  now: Range;
  /** Minutes of `now` in which there can be data. */
  minutes: number;
  t: string;
  order: Order;
  setSort: (sort: string) => void;
}

const COLUMNS: readonly { by: By; name: string; small?: boolean }[] = [
  { by: 'name', name: 'Service' },
  { by: 'rate', name: 'per min' },
  { by: 'errors', name: 'errors' },
  { by: 'p50', name: 'p50', small: true },
  { by: 'p95', name: 'p95' },
  { by: 'p99', name: 'p99', small: true },
];

/** Rate, errors and durations of each service, sorted by any of them. */
export function Services({ env, source, now, minutes, t, order, setSort }: Props) {
  const answer = useAnswer(env, servicesQuery(source, now)).data;
  const rows = answer?.results ?? [];
  const spans = source === 'xray' ? 'segments' : 'spans';
  // Sorting is among those shown, which are the slowest.
  const some = answer && answer.groups_seen > rows.length ? `the ${rows.length} slowest of ` : '';
  const said = answer ? `${some}${answer.groups_seen}, over all ${spans}` : '';
  return (
    <section className={styles.services} aria-label="Services">
      <div className="head">
        <h2>Services</h2>
        <span className="muted">{said}</span>
      </div>
      <table className="fix">
        <colgroup>
          <col />
          <col className={styles.figures} />
          <col className={styles.figures} />
          <col className={`hide-s ${styles.figures}`} />
          <col className={styles.figures} />
          <col className={`hide-s ${styles.figures}`} />
          <col className={`hide-s ${styles.course}`} />
        </colgroup>
        <thead>
          <tr>
            {COLUMNS.map(({ by, name, small }) => {
              const on = order.by === by;
              const kind = `${by === 'name' ? '' : 'num'}${small ? ' hide-s' : ''}${on ? ' on' : ''}`;
              return (
                <th
                  key={by}
                  className={kind}
                  aria-sort={on ? (order.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button type="button" onClick={() => setSort(nextSort(order, by))}>
                    {name}
                    {on ? (order.down ? ' ↓' : ' ↑') : ''}
                  </button>
                </th>
              );
            })}
            <th className="hide-s">p95 over time</th>
          </tr>
        </thead>
        <tbody>
          {sortedRows(rows, order).map((i) => {
            const row = rows[i] ?? {};
            const name = valueText(row['service.name']);
            const count = numberOf(row.COUNT) ?? 0;
            const errors = numberOf(row.errors) ?? 0;
            const of = (label: string) => {
              const n = numberOf(row[`${label}(duration_ms)`]);
              return n === undefined ? '–' : duration(n);
            };
            return (
              <tr key={name}>
                <td className="cut">
                  <Link
                    {...paths.explore(env)}
                    search={{
                      v: 'HEATMAP(duration_ms),P95(duration_ms)',
                      w: `service.name = ${renderValue(name)} and meta.source = ${source}`,
                      t,
                    }}
                    className="row"
                  >
                    <span className="sw" style={{ background: `var(--c${colourIndex(name)})` }} />
                    <span className="cut v">{name}</span>
                  </Link>
                </td>
                <td className="num">{short(Math.round(count / minutes))}</td>
                <td className={`num ${errors / count >= 0.01 ? 't-danger strong' : 'muted'}`}>
                  {share(errors, count)}
                </td>
                <td className="num muted hide-s">{of('P50')}</td>
                <td className="num strong">{of('P95')}</td>
                <td className="num muted hide-s">{of('P99')}</td>
                <td className="hide-s">
                  <Spark values={valuesOf(answer, 3, i)} colour="h5" width={112} height={16} />
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
