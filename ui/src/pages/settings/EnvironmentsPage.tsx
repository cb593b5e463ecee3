import { useQueries, useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { keysQuery } from '@/api/keys.ts';
import { datasetsQuery, sessionQuery } from '@/api/queries.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { environmentColour } from '@/lib/color.ts';
import { count } from '@/lib/format.ts';
import { ago, dateTime } from '@/lib/time.ts';
import { Frame } from './Frame.tsx';
import { msOf } from './model.ts';
import styles from './settings.module.css';

/** The environments of this server: what each holds, and the way to a new one. */
export function EnvironmentsPage() {
  const { slug: here } = useEnvironment();
  const { data: session } = useSuspenseQuery(sessionQuery());
  const list = session.environments;
  const datasets = useQueries({ queries: list.map((one) => datasetsQuery(one.slug)) });
  const keys = useQueries({ queries: list.map((one) => keysQuery(one.slug)) });
  const now = Date.now();
  return (
    <Frame>
      <div className={`bar ${styles.bar}`}>
        <span className="muted">Data, keys and questions of one environment stay apart from all others.</span>
        <span className="grow" />
        <Link to="/new" className="btn primary">
          <Icon of={Plus} small />
          New environment
        </Link>
      </div>
      <div className={styles.wide}>
        <table className="fix">
          <colgroup>
            <col />
            <col className="hide-s" style={{ width: 160 }} />
            <col className={styles.cKeys} />
            <col className="hide-s" style={{ width: 112 }} />
            <col className={styles.cRows} />
            <col className={styles.cRows} />
            <col className="hide-s" style={{ width: 112 }} />
          </colgroup>
          <thead>
            <tr>
              <th>Name</th>
              <th className="hide-s">In addresses</th>
              <th className="num">Keys</th>
              <th className="num hide-s">Data sets</th>
              <th className="num">Rows taken</th>
              <th className="num">Last row</th>
              <th className="num hide-s">Made</th>
            </tr>
          </thead>
          <tbody>
            {list.map((one, i) => {
              const sets = datasets[i]?.data;
              const last = sets?.reduce(
                (max, set) => Math.max(max, set.last_written_ns ? msOf(set.last_written_ns) : 0),
                0,
              );
              return (
                <tr key={one.slug} className={one.slug === here ? 'on' : ''}>
                  <td className="cut strong">
                    <Link {...paths.explore(one.slug)} className="row">
                      <span className="dot" style={{ color: environmentColour(one.color) }} />
                      {one.name}
                    </Link>
                  </td>
                  <td className="mono cut hide-s">{one.slug}</td>
                  <td className="num">
                    <Link {...paths.keys(one.slug)} className="v">
                      {count(keys[i]?.data?.filter((key) => !key.revoked_ns).length ?? 0)}
                    </Link>
                  </td>
                  <td className="num hide-s">{sets ? count(sets.length) : ''}</td>
                  <td className="num">{sets ? count(sets.reduce((sum, set) => sum + set.rows, 0)) : ''}</td>
                  <td className="num muted">{last ? ago(last, now) : 'never'}</td>
                  <td className="num muted hide-s" title={dateTime(msOf(one.created_ns))}>
                    {ago(msOf(one.created_ns), now)}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Frame>
  );
}
