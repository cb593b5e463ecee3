import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '@/api/queries.ts';
import type { SamplingRule } from '@/api/types.ts';
import { number } from '@/lib/format.ts';
import { ago } from '@/lib/time.ts';
import { msOf, portOf } from './model.ts';
import styles from './sampling.module.css';

/** Who obeys the rules now, and each one's share of the reservoir. */
export function Clients({ rules, nowMs }: { rules: readonly SamplingRule[]; nowMs: number }) {
  const list = rules.flatMap(({ rule, clients }) =>
    clients.map((client) => ({ rule: rule.name, ...client })),
  );
  const listen = useQuery(sessionQuery()).data?.listen;
  const port = portOf(listen?.xray);
  return (
    <section aria-label="Clients">
      <div className={`head ${styles.top}`}>
        <h2>Clients</h2>
        <span className="muted">that reported in the last 30 s</span>
      </div>
      {list.length > 0 ? (
        <table className="fix">
          <colgroup>
            <col />
            <col style={{ width: 96 }} />
            <col className="hide-s" style={{ width: 56 }} />
            <col style={{ width: 56 }} />
            <col style={{ width: 60 }} />
          </colgroup>
          <thead>
            <tr>
              <th>Client</th>
              <th>Rule</th>
              <th className="num hide-s">Rate</th>
              <th className="num">Quota</th>
              <th className="num">Seen</th>
            </tr>
          </thead>
          <tbody>
            {list.map((client) => (
              <tr key={`${client.rule} ${client.id}`}>
                <td className="cut mono" title={client.id}>
                  {client.id}
                </td>
                <td className="cut">{client.rule}</td>
                <td className="num hide-s">{number(client.rate)}/s</td>
                <td className="num">{client.quota}/s</td>
                <td className="num muted">{ago(msOf(client.seen_ns), nowMs).replace(' ago', '')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : null}
      <p className={`muted ${styles.small}`}>
        {list.length === 0 ? 'None. ' : ''}
        {listen && port === undefined
          ? 'The daemon port is not listened on: no client can fetch rules there.'
          : `Clients fetch rules through the daemon port${port ? `, ${port},` : ''} every 300 s, and quotas every 10 s. A new rule is obeyed everywhere within 5 min.`}
      </p>
    </section>
  );
}
