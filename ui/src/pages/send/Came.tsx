import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleX, KeyRound, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { post } from '@/api/client.ts';
import type { Arrival, Rows } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { plural } from '@/lib/format.ts';
import { clock, nanos, toMs } from '@/lib/time.ts';
import styles from './send.module.css';

/** The first data: where it is, with a way to look at it. */
export function Came({ row }: { row: Arrival }) {
  const dataset = row.datasets[0];
  // Any row will do, not only a root span: the dataset may hold the middle of traces alone.
  const newest = useQuery({
    queryKey: ['send', 'newest', row.env, dataset, row.id],
    queryFn: ({ signal }) =>
      post<Rows>(
        '/rows',
        { env: row.env, dataset, query: { filters: [{ column: 'trace.trace_id', op: 'exists' }] }, limit: 1 },
        { signal },
      ),
    enabled: row.signals.includes('traces') && typeof row.env === 'string',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const id = newest.data?.rows[0]?.['trace.trace_id'];
  return (
    <Card tone="ok" icon={CircleCheck} title="It works" at={row.last_ns}>
      <Facts row={row} />
      <div className={styles.act}>
        {typeof id === 'string' && row.env ? (
          <Link {...paths.trace(row.env, id)} className="btn sm primary">
            Open the trace
          </Link>
        ) : null}
        {row.env ? (
          <Link {...paths.explore(row.env)} search={dataset ? { ds: dataset } : {}} className="btn sm">
            Explore {dataset ?? row.env}
          </Link>
        ) : null}
      </div>
    </Card>
  );
}

/** Something came and was turned away: what, from whom, why, and the fix. */
export function CameRefused({ row, env, secret }: { row: Arrival; env: string; secret: string | undefined }) {
  const line = row.reason?.copy?.replace('<key>', secret ?? '<key>');
  return (
    <Card tone="danger" icon={CircleX} title="Something came, but was refused" at={row.last_ns}>
      <Facts row={row}>
        <dt>why</dt>
        <dd>
          {row.reason?.text ?? 'no reason was given'}
          {row.reason?.detail ? `: ${row.reason.detail}` : ''}
          {row.key_prefix ? (
            <>
              {' '}
              (key <code>{row.key_prefix}</code>)
            </>
          ) : null}
        </dd>
        <dt>fix</dt>
        <dd>{row.reason?.fix ?? 'look at the log of the server'}</dd>
      </Facts>
      <div className={styles.act}>
        {line ? <CopyButton look="smallPrimary" text={line} label="Copy the fixed line" /> : null}
        <Link {...paths.arrivals(env)} search={{ outcome: 'refused' }} className="btn sm">
          Show in Arrivals
        </Link>
      </div>
    </Card>
  );
}

/** The key works, but it is another environment's. */
export function CameElsewhere({ row, env }: { row: Arrival; env: string }) {
  const { env: other } = row;
  return (
    <Card
      tone="warn"
      icon={KeyRound}
      title={`Something came, for ${other ?? 'no environment'}`}
      at={row.last_ns}
    >
      <Facts row={row}>
        <dt>why</dt>
        <dd>
          key <code>{row.key_prefix}</code> belongs to <b className="strong">{other}</b>, not to {env}
        </dd>
        <dt>fix</dt>
        <dd>if you meant {env}, set the lines at the left and restart the app</dd>
      </Facts>
      {other ? (
        <div className={styles.act}>
          <Link
            {...paths.explore(other)}
            search={row.datasets[0] ? { ds: row.datasets[0] } : {}}
            className="btn sm"
          >
            Open in {other}
          </Link>
        </div>
      ) : null}
    </Card>
  );
}

function Card({
  tone,
  icon,
  title,
  at,
  children,
}: {
  tone: 'ok' | 'warn' | 'danger';
  icon: LucideIcon;
  title: string;
  at: string;
  children: ReactNode;
}) {
  return (
    <div className={`${styles.card} ${styles[tone]}`}>
      <div className={styles.cardHead}>
        <Icon of={icon} />
        {title}
        <span className={`muted right ${styles.at}`}>{clock(toMs(nanos(at)))}</span>
      </div>
      {children}
    </div>
  );
}

function Facts({ row, children }: { row: Arrival; children?: ReactNode }) {
  const items =
    { traces: 'span', logs: 'line', metrics: 'point', events: 'event' }[row.signals[0] ?? ''] ?? 'item';
  return (
    <dl className={styles.facts}>
      <dt>what</dt>
      <dd>
        {plural(row.counters.received, items)}
        {row.datasets.length > 0 ? <> of {row.datasets.join(', ')}</> : null}
        {row.user_agent ? <span className="muted"> by {row.user_agent}</span> : null}
      </dd>
      <dt>from</dt>
      <dd>
        {row.sender}, {row.protocol}
      </dd>
      {children}
    </dl>
  );
}
