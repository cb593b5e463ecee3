import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronsUp, Info, TriangleAlert } from 'lucide-react';
import { issuesQuery } from '@/api/issues.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { short } from '@/lib/format.ts';
import { ago, nanos, toMs } from '@/lib/time.ts';
import { renderValue } from '@/query/text.ts';
import { Bars } from '@/viz/Bars.tsx';
import styles from './home.module.css';
import { type Range, routesQuery, type Source, worse } from './model.ts';
import { useAnswer } from './useAnswers.ts';

interface Props {
  env: string;
  source: Source;
  now: Range;
  before: Range;
  t: string;
}

/** New items shown: more are a list of their own. */
const MOST_ITEMS = 3;

/** New items, and what got slower or fails more than in the same length of time before. */
export function NewOrWorse({ env, source, now, before, t }: Props) {
  const current = useAnswer(env, routesQuery(source, now)).data;
  const old = useAnswer(env, routesQuery(source, before)).data;
  const list = current && old ? worse(current.results, old.results) : [];
  const items = useQuery(issuesQuery(env, { status: 'active', sort: 'first', limit: MOST_ITEMS })).data;
  const fresh = (items?.issues ?? []).filter((one) => toMs(nanos(one.first_ns)) >= now.start_time * 1000);
  return (
    <section className={styles.worse} aria-label="New or worse">
      <div className="head">
        <h2>New or worse</h2>
        <span className="muted">against the time before</span>
      </div>
      {fresh.map((one) => {
        const bad = one.level === 'error' || one.level === 'critical';
        const tone = bad ? 'danger' : one.level === 'warning' ? 'warn' : 'muted';
        return (
          <Link key={one.id} {...paths.item(env, one.dataset, one.counter)} className={styles.item}>
            <Icon
              of={bad || tone === 'warn' ? TriangleAlert : Info}
              className={tone === 'muted' ? 'muted' : `t-${tone}`}
            />
            <span className="cut">
              <b className="strong">{one.title}</b>{' '}
              <span className="muted">
                #{one.counter}, first {ago(toMs(nanos(one.first_ns)), now.end_time * 1000)}
              </span>
            </span>
            <span className={`tag ${bad ? 'err' : tone}`}>new</span>
            <span className="hide-m">
              <Bars values={one.sparkline} colour={bad ? 'danger' : 'h5'} width={72} />
            </span>
            <span className={`pill ${tone}`} title="occurrences">
              {short(one.total)}
            </span>
          </Link>
        );
      })}
      {list.map((one) => (
        <Link
          key={`${one.name} ${one.what}`}
          {...paths.explore(env)}
          search={{ v: 'HEATMAP(duration_ms),P95(duration_ms)', w: `name = ${renderValue(one.name)}`, t }}
          className={styles.item}
        >
          <Icon of={ChevronsUp} className="t-warn" />
          <span className="cut">
            <b className="strong">{one.name}</b> <span className="muted">{one.what}</span>
          </span>
          <span className="pill warn">{one.badge}</span>
        </Link>
      ))}
      {current && old && list.length === 0 && fresh.length === 0 ? (
        <p className={styles.quiet}>
          {old.results.length === 0
            ? 'There is nothing before to compare with yet.'
            : 'No route is slower by half, none fails twice as often.'}
        </p>
      ) : null}
    </section>
  );
}
