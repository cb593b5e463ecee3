import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleX } from 'lucide-react';
import { arrivalsQuery } from '@/api/arrivals.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, short } from '@/lib/format.ts';
import { protocolName } from '@/lib/protocols.ts';
import { ago } from '@/lib/time.ts';
import styles from './home.module.css';
import { msOf } from './model.ts';

const SHOWN = 5;
const RECENT_MS = 300_000;

/** Who sends now, and who is refused now: the latest of each kind of delivery. */
export function Arriving({ env }: { env: string }) {
  const list = useQuery({ ...arrivalsQuery('all', undefined, 100), refetchInterval: 5_000 });
  const now = Date.now();
  const rows = (list.data?.rows ?? [])
    .filter((row) => row.protocol !== 'api' && now - msOf(row.last_ns) < RECENT_MS)
    // What is refused comes first: it waits for somebody.
    .sort((a, b) => Number(b.outcome === 'refused') - Number(a.outcome === 'refused'))
    .slice(0, SHOWN);
  return (
    <section className={styles.arriving} aria-label="Arriving now">
      <div className="head">
        <h2>Arriving now</h2>
        <span className="muted">last 5 min</span>
        <Link {...paths.arrivals(env)} className="link right">
          All arrivals
        </Link>
      </div>
      {rows.map((row) => {
        const refused = row.outcome === 'refused';
        return (
          <Link
            key={row.id}
            {...paths.arrivals(env)}
            search={refused ? { outcome: 'refused', sender: row.sender } : { sender: row.sender }}
            className={styles.item}
          >
            <Icon of={refused ? CircleX : CircleCheck} className={refused ? 't-danger' : 't-ok'} />
            <span className="muted cut">{protocolName(row.protocol)}</span>
            <span className="cut">
              <b className="strong">
                {refused ? (row.key_prefix ?? row.reason?.text) : (row.datasets[0] ?? row.key_prefix)}
              </b>{' '}
              <span className="muted">
                {refused ? `${row.reason?.text ?? ''} from ${row.sender}` : (row.user_agent ?? row.sender)}
              </span>
            </span>
            {refused ? (
              <span className="num t-danger">{count(row.counters.refused)} refused</span>
            ) : (
              <span className="num muted">{short(Math.round(row.received_last_5m / 5))}/min</span>
            )}
            <span className="num muted">{ago(msOf(row.last_ns), now).replace(' ago', '')}</span>
          </Link>
        );
      })}
      {list.data && rows.length === 0 ? (
        <p className={styles.quiet}>
          Nothing came in the last five minutes. <Link {...paths.send(env)}>Send data</Link> tells what to
          set, and waits with you.
        </p>
      ) : null}
    </section>
  );
}
