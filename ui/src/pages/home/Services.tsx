import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { colourIndex } from '@/lib/color.ts';
import { duration, share, short, valueText } from '@/lib/format.ts';
import { renderValue } from '@/query/text.ts';
import { Spark } from '@/viz/Spark.tsx';
import styles from './home.module.css';
import { numberOf, type Range, type Source, servicesQuery, valuesOf } from './model.ts';
import { useAnswer } from './useAnswers.ts';

interface Props {
  env: string;
  source: Source;
  now: Range;
  /** Minutes of `now` in which there can be data. */
  minutes: number;
  t: string;
}

/** Rate, errors and durations of each service, the slowest first. */
export function Services({ env, source, now, minutes, t }: Props) {
  const answer = useAnswer(env, servicesQuery(source, now)).data;
  const spans = source === 'xray' ? 'segments' : 'spans';
  return (
    <section className={styles.services} aria-label="Services">
      <div className="head">
        <h2>Services</h2>
        <span className="muted">{answer ? `${answer.groups_seen}, over all ${spans}` : ''}</span>
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
            <th>Service</th>
            <th className="num">per min</th>
            <th className="num">errors</th>
            <th className="num hide-s">p50</th>
            <th className="num" aria-sort="descending">
              p95 ↓
            </th>
            <th className="num hide-s">p99</th>
            <th className="hide-s">p95 over time</th>
          </tr>
        </thead>
        <tbody>
          {answer?.results.map((row, i) => {
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
