import { Link } from '@tanstack/react-router';
import type { Issue } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { count } from '@/lib/format.ts';
import { ago, dateTime, nanos, toMs } from '@/lib/time.ts';
import { Bars } from '@/viz/Bars.tsx';
import styles from './errors.module.css';
import { LevelMark } from './LevelMark.tsx';
import { isFresh, type Sort } from './model.ts';
import { StatusPill } from './StatusPill.tsx';

interface Props {
  env: string;
  issues: readonly Issue[];
  /** Numbers of the selected items. */
  chosen: ReadonlySet<number>;
  toggle: (id: number) => void;
  toggleAll: () => void;
  sort: Sort;
  order: (sort: Sort) => void;
  /** Whether items of several projects stand together. */
  mixed: boolean;
}

/** The id by which keys find an item's link. */
export const linkId = (issue: Issue) => `item-${issue.id}`;

export function ItemTable({ env, issues, chosen, toggle, toggleAll, sort, order, mixed }: Props) {
  const now = Date.now();
  const owned = issues.some((one) => one.owner);
  const head = (name: string, by: Sort, className: string) => (
    <th
      className={`${className}${sort === by ? ' on' : ''}`}
      aria-sort={sort === by ? (by === 'level' ? 'other' : 'descending') : undefined}
    >
      <button type="button" onClick={() => order(by)}>
        {name}
        {sort === by ? <span aria-hidden="true"> ↓</span> : null}
      </button>
    </th>
  );
  return (
    <table className={`fix ${styles.table}`}>
      <thead>
        <tr>
          <th className={styles.cCheck}>
            <input
              type="checkbox"
              aria-label="Select all items of this page"
              checked={issues.length > 0 && issues.every((one) => chosen.has(one.id))}
              onChange={toggleAll}
            />
          </th>
          {head('Level', 'level', styles.cLevel ?? '')}
          <th className={`num ${styles.cNumber}`}>
            <span aria-hidden="true">#</span>
            <span className="vh">Number</span>
          </th>
          <th>Item</th>
          <th className={styles.cBars}>24 h</th>
          {head('Count', 'count', `num ${styles.cCount}`)}
          <th className={`num ${styles.cUsers}`} title="distinct users of the last 24 hours">
            Users
          </th>
          {head('First', 'first', `num ${styles.cAge}`)}
          {head('Last', 'last', `num ${styles.cLast}`)}
          {owned ? <th className={styles.cOwner}>Owner</th> : null}
          <th className={styles.cStatus}>Status</th>
        </tr>
      </thead>
      <tbody>
        {issues.map((issue) => (
          <tr
            key={issue.id}
            className={`${chosen.has(issue.id) ? 'on' : ''}${
              issue.status === 'active' ? '' : ` ${styles.done}`
            }`}
          >
            <td className={styles.cCheck}>
              <input
                type="checkbox"
                aria-label={`Select #${issue.counter}`}
                checked={chosen.has(issue.id)}
                onChange={() => toggle(issue.id)}
              />
            </td>
            <td className={styles.cLevel}>
              <LevelMark level={issue.level} />
            </td>
            <td className={`num muted ${styles.cNumber}`}>
              {isFresh(issue, now) ? (
                <span className={styles.fresh} title="first seen in the last hour">
                  <span className="vh">new</span>
                </span>
              ) : null}
              {issue.counter}
            </td>
            <td className={styles.item}>
              <Link
                {...paths.item(env, issue.dataset, issue.counter)}
                id={linkId(issue)}
                className={styles.title}
                title={issue.title}
              >
                {issue.title}
              </Link>
              {issue.context ? <span className={styles.where}>{issue.context}</span> : null}
              {mixed ? <span className="tag">{issue.project_name}</span> : null}
              <span className={styles.env}>{issue.environment}</span>
            </td>
            <td className={styles.cBars}>
              <Bars
                values={issue.sparkline}
                colour={issue.sparkline.slice(0, -1).some(Boolean) ? 'h5' : 'danger'}
              />
            </td>
            <td className={`num strong ${styles.cCount}`}>{count(issue.total)}</td>
            <td className={`num ${styles.cUsers}`}>{count(issue.users_24h ?? 0)}</td>
            <td className={`num muted ${styles.cAge}`}>
              <Age ns={issue.first_ns} now={now} />
            </td>
            <td className={`num ${styles.cLast}`}>
              <Age ns={issue.last_ns} now={now} />
            </td>
            {owned ? (
              <td className={`cut ${styles.cOwner}`} title={issue.owner ?? undefined}>
                {issue.owner ?? <span className="muted">none</span>}
              </td>
            ) : null}
            <td className={styles.cStatus}>
              <StatusPill issue={issue} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Age({ ns, now }: { ns: string; now: number }) {
  const ms = toMs(nanos(ns));
  return (
    <time dateTime={new Date(ms).toISOString()} title={`${dateTime(ms)} UTC`}>
      {ago(ms, now).replace(/ ago$/u, '')}
    </time>
  );
}
