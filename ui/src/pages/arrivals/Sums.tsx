import { CircleCheck } from 'lucide-react';
import type { Arrivals } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { protocolName } from '@/lib/protocols.ts';
import styles from './arrivals.module.css';
import { addsUp, byReason, bySender } from './model.ts';

const MOST_SENDERS = 20;

interface Props {
  state: Arrivals;
  env: string;
  pick: (patch: { sender?: string; outcome?: string; protocol?: string }) => void;
}

/** The same deliveries summed: by protocol, by sender, by reason. */
export function Sums({ state, env, pick }: Props) {
  const protocols = state.by_protocol;
  const senders = bySender(state.rows, env);
  const reasons = byReason(state.rows);
  const whole = (part: keyof (typeof protocols)[number]['counters']) =>
    protocols.reduce((sum, one) => sum + one.counters[part], 0);
  const lost = whole('refused') + whole('dropped');
  const all = protocols.every((one) => addsUp(one.counters));
  return (
    <aside className={`panel ${styles.sums}`} aria-label="Sums">
      <div className="head">
        <h2>By protocol</h2>
        <span className="muted right">since counting began</span>
      </div>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>
              <span className="vh">Protocol</span>
            </th>
            <th className="num">received</th>
            <th className="num">stored</th>
            <th className="num">refused</th>
            <th className="num">merged</th>
          </tr>
        </thead>
        <tbody>
          {protocols.map(({ protocol, counters }) => (
            <tr key={protocol}>
              <td>{protocolName(protocol)}</td>
              <td className="num">{count(counters.received)}</td>
              <td className="num">{count(counters.stored)}</td>
              <td className={`num ${counters.refused + counters.dropped > 0 ? 't-danger strong' : 'muted'}`}>
                {count(counters.refused + counters.dropped)}
              </td>
              <td className="num muted">{count(counters.merged)}</td>
            </tr>
          ))}
          {protocols.length > 1 ? (
            <tr className="strong">
              <td>all</td>
              <td className="num">{count(whole('received'))}</td>
              <td className="num">{count(whole('stored'))}</td>
              <td className={`num ${lost > 0 ? 't-danger' : 'muted'}`}>{count(lost)}</td>
              <td className="num">{count(whole('merged'))}</td>
            </tr>
          ) : null}
        </tbody>
      </table>
      {all && protocols.length > 0 ? (
        <div className={styles.adds}>
          <Icon of={CircleCheck} />
          Adds up, for each protocol
        </div>
      ) : null}
      <div className="head">
        <h2>Senders</h2>
        <span className="muted">{senders.length}</span>
      </div>
      <ul className={styles.lines}>
        {senders.slice(0, MOST_SENDERS).map((one) => (
          <li key={one.sender}>
            <span className="cut">
              <button type="button" className="v" onClick={() => pick({ sender: one.sender })}>
                {one.sender}
              </button>{' '}
              {one.onlyRefused ? (
                <span className="t-danger">only refusals</span>
              ) : one.elsewhere.length > 0 ? (
                <span className="t-warn">key of {one.elsewhere.join(', ')}</span>
              ) : (
                <span className="muted">{one.datasets.slice(0, 2).join(', ')}</span>
              )}
            </span>
            <span className="num">{count(one.deliveries)}×</span>
          </li>
        ))}
      </ul>
      {reasons.length > 0 ? (
        <>
          <div className={`head ${styles.last}`}>
            <h2>Refused, by reason</h2>
          </div>
          <ul className={styles.lines}>
            {reasons.map((one) => (
              <li key={`${one.code} ${one.protocol}`}>
                <span className="cut" title={one.text}>
                  <button
                    type="button"
                    className="v"
                    onClick={() => pick({ outcome: 'refused', protocol: one.protocol })}
                  >
                    {one.text}
                  </button>{' '}
                  <span className="muted">{protocolName(one.protocol)}</span>
                </span>
                <span className="num strong">{count(one.items)}</span>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </aside>
  );
}
