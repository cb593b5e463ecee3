import { ArrowDown, ArrowUp } from 'lucide-react';
import type { Answer, Row } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, plural } from '@/lib/format.ts';
import type { CellValue } from '@/query/change.ts';
import { Value } from '@/query/Value.tsx';
import { Spark } from '@/viz/Spark.tsx';
import { groupColours, orderOf, sayCell, sortedRows } from './model.ts';
import styles from './ResultsTab.module.css';

interface Props {
  answer: Answer;
  /** `label` or `-label` for descending; absent: the order of the answer. */
  sort: string | undefined;
  setSort: (sort: string) => void;
  hover: (group: number | undefined) => void;
  openTrace: (id: string) => void;
}

const TRACE_ID = 'trace.trace_id';

/** One row per group, with the total and what the limit left out. */
export function ResultsTab({ answer, sort, setSort, hover, openTrace }: Props) {
  const descending = sort?.startsWith('-') ?? false;
  const column = sort?.replace(/^-/, '');
  const order =
    column === undefined ? answer.results.map((_, i) => i) : sortedRows(answer.results, column, descending);
  const calculations = answer.calculations.filter((one) => one.op !== 'HEATMAP');
  const spark = answer.calculations.findIndex((one) => one.op !== 'HEATMAP');
  const grouped = answer.breakdowns.length > 0;
  const colours = groupColours(answer);
  const asked = orderOf(answer);
  const head = (label: string, numeric: boolean) => {
    const [on, down] =
      column === undefined ? [label === asked.label, asked.descending] : [column === label, descending];
    const next = on ? (down ? label : `-${label}`) : `-${label}`;
    return (
      <th
        key={label}
        className={`${numeric ? 'num' : ''}${on ? ' on' : ''}`}
        aria-sort={on ? (down ? 'descending' : 'ascending') : undefined}
      >
        <button type="button" className="row" onClick={() => setSort(next)}>
          {label}
          {on ? <Icon of={down ? ArrowDown : ArrowUp} small /> : null}
        </button>
      </th>
    );
  };
  const figures = (row: Row) =>
    calculations.map((one, i) => (
      <td key={one.label} className={`num${i === 0 ? ' strong' : ''}`}>
        {sayCell(row[one.label])}
      </td>
    ));
  return (
    <div className={styles.place}>
      <table>
        <thead>
          <tr>
            {grouped ? (
              <th className={styles.swatch}>
                <span className="vh">colour</span>
              </th>
            ) : null}
            {answer.breakdowns.map((field) => head(field, false))}
            {calculations.map((one) => head(one.label, true))}
            {grouped && spark >= 0 ? (
              <th className="hide-s">{answer.calculations[spark]?.label} over time</th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {order.map((i) => {
            const row = answer.results[i];
            if (!row) return null;
            const line = answer.series[i]?.lines[spark];
            return (
              <tr
                key={i}
                onMouseEnter={grouped ? () => hover(i) : undefined}
                onMouseLeave={grouped ? () => hover(undefined) : undefined}
              >
                {grouped ? (
                  <td className={styles.swatch}>
                    <span className="sw" style={{ background: `var(--${colours[i]?.colour ?? 'c1'})` }} />
                  </td>
                ) : null}
                {answer.breakdowns.map((field) => (
                  <td key={field} className={styles.key}>
                    {field === TRACE_ID && typeof row[field] === 'string' ? (
                      <button
                        type="button"
                        className="link mono"
                        onClick={() => openTrace(String(row[field]))}
                      >
                        {String(row[field])}
                      </button>
                    ) : (
                      <Value field={field} value={(row[field] ?? null) as CellValue} className="mono" />
                    )}
                  </td>
                ))}
                {figures(row)}
                {grouped && spark >= 0 ? (
                  <td className="hide-s">
                    {line?.kind === 'numbers' ? (
                      <Spark values={line.values} colour={colours[i]?.colour ?? 'c1'} />
                    ) : null}
                  </td>
                ) : null}
              </tr>
            );
          })}
          {grouped && answer.other ? (
            <tr className={styles.sum}>
              <td />
              <td colSpan={answer.breakdowns.length}>
                OTHER: {plural(Math.max(0, answer.groups_seen - answer.results.length), 'group')} not listed
              </td>
              {figures(answer.other)}
              {spark >= 0 ? <td className="hide-s" /> : null}
            </tr>
          ) : null}
          {grouped ? (
            <tr className={styles.sum}>
              <td />
              <td colSpan={answer.breakdowns.length}>
                TOTAL of {plural(answer.groups_seen, 'group')}
                {answer.other ? `, ${count(answer.results.length)} listed` : ', none left out'}
              </td>
              {figures(answer.total)}
              {spark >= 0 ? <td className="hide-s" /> : null}
            </tr>
          ) : null}
        </tbody>
      </table>
    </div>
  );
}
