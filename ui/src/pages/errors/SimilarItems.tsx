import { Link } from '@tanstack/react-router';
import type { Issue } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { count, plural } from '@/lib/format.ts';
import { ago, nanos, toMs } from '@/lib/time.ts';
import styles from './item.module.css';
import { StatusPill } from './StatusPill.tsx';
import type { Similar } from './similar.ts';

/** Items like this one, each with why. */
export function SimilarItems({
  env,
  list,
  looked,
  total,
}: {
  env: string;
  list: readonly Similar[] | undefined;
  /** Items that were compared, and how many there are. */
  looked: number;
  total: number;
}) {
  if (!list) return <div className="skeleton grow" aria-busy="true" />;
  const now = Date.now();
  return (
    <>
      {list.length === 0 ? (
        <p className={styles.quiet}>
          No other item of the project has its class, its place or a title like it.
        </p>
      ) : (
        <ul className={styles.similar}>
          {list.map(({ issue, why }) => (
            <li key={issue.id}>
              <Similarly env={env} issue={issue} />
              <span className="muted">{why.join(', ')}</span>
              <span className={styles.similarFacts}>
                <StatusPill issue={issue} />
                <span className="num">{count(issue.ever)}×</span>
                <span className="muted">{ago(toMs(nanos(issue.last_ns)), now)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {looked < total ? (
        <p className={styles.quiet}>
          Compared with the {plural(looked, 'item')} seen last, of {count(total)}.
        </p>
      ) : null}
    </>
  );
}

function Similarly({ env, issue }: { env: string; issue: Issue }) {
  return (
    <Link {...paths.item(env, issue.dataset, issue.counter)} className={`link ${styles.similarTitle}`}>
      #{issue.counter} {issue.title}
    </Link>
  );
}
