import { useState } from 'react';
import type { Arrival, Key } from '@/api/types.ts';
import { count, short } from '@/lib/format.ts';
import { protocolName } from '@/lib/protocols.ts';
import { ago, dateTime } from '@/lib/time.ts';
import { Bars } from '@/viz/Bars.tsx';
import { kindName, lastDelivery, msOf, protocolsOf, usageOf, usageText } from './model.ts';
import styles from './settings.module.css';

interface Props {
  keys: readonly Key[];
  rows: readonly Arrival[];
  /** The key just made, marked in the list. */
  madeId: string | undefined;
  revoke: (id: string) => void;
  /** The key being revoked. */
  busy: string | undefined;
}

/** Keys as rows; revoking asks once more in its place, as it cannot be undone. */
export function KeyTable({ keys, rows, madeId, revoke, busy }: Props) {
  const [sure, setSure] = useState<string>();
  const now = Date.now();
  return (
    <div className={styles.wide}>
      <table className="fix">
        <colgroup>
          <col />
          <col className={styles.cPrefix} />
          <col className="hide-s" style={{ width: 112 }} />
          <col className="hide-s" style={{ width: 168 }} />
          <col className="hide-s" style={{ width: 208 }} />
          <col className="hide-s" style={{ width: 80 }} />
          <col className="hide-s" style={{ width: 88 }} />
          <col className="hide-s" style={{ width: 88 }} />
          <col style={{ width: 136 }} />
        </colgroup>
        <thead>
          <tr>
            <th>Name</th>
            <th>Prefix</th>
            <th className="hide-s">Kind</th>
            <th className="hide-s">Protocols</th>
            <th className="hide-s">Last used</th>
            <th className="num hide-s" title="items a day, on average since the key was made">
              Per day
            </th>
            <th className="hide-s" title="items taken on each of the last seven days (UTC), today last">
              7 d
            </th>
            <th className="num hide-s">Made</th>
            <th>
              <span className="vh">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => {
            const latest = lastDelivery(rows, key);
            const use = usageOf(key, now);
            const revoked = key.revoked_ns ? msOf(key.revoked_ns) : undefined;
            return (
              <tr
                key={key.id}
                className={`${key.id === madeId ? 'on' : ''}${revoked === undefined ? '' : ` ${styles.off}`}`}
              >
                <td className="cut strong">{key.name || <span className="muted">without a name</span>}</td>
                <td className={`mono cut ${styles.prefix}`}>{key.prefix}</td>
                <td className="hide-s">{kindName(key.kind)}</td>
                <td className="cut muted hide-s">
                  {protocolsOf(rows, key).map(protocolName).join(', ') || '–'}
                </td>
                <td className="cut hide-s">
                  <LastUsed keyUsed={key} latest={latest} now={now} />
                </td>
                <td className="num hide-s" title={use ? usageText(use) : undefined}>
                  {use ? short(use.perDay) : ''}
                </td>
                <td className="hide-s" title={use ? usageText(use) : undefined}>
                  {use ? (
                    <>
                      <Bars values={use.days} colour="h5" width={64} />
                      <span className="vh">{use.days.map(count).join(', ')}</span>
                    </>
                  ) : null}
                </td>
                <td className="num muted hide-s" title={dateTime(msOf(key.created_ns))}>
                  {ago(msOf(key.created_ns), now)}
                </td>
                <td className="num">
                  {revoked !== undefined ? (
                    <span title={dateTime(revoked)}>revoked</span>
                  ) : sure === key.id ? (
                    <button
                      type="button"
                      className="btn sm danger"
                      disabled={busy === key.id}
                      onClick={() => {
                        revoke(key.id);
                        setSure(undefined);
                      }}
                    >
                      Revoke for good
                    </button>
                  ) : (
                    <button
                      type="button"
                      className="btn sm ghost danger"
                      aria-label={`Revoke ${key.name || key.prefix}`}
                      onClick={() => setSure(key.id)}
                    >
                      revoke
                    </button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** When and from where it was used last; for one that was refused since it was revoked, that. */
function LastUsed({ keyUsed, latest, now }: { keyUsed: Key; latest: Arrival | undefined; now: number }) {
  const from = latest ? <span className="muted"> from {latest.sender}</span> : null;
  if (keyUsed.revoked_ns && latest?.reason?.code === 'revoked_key') {
    const ms = msOf(latest.last_ns);
    return (
      <>
        <span className="t-danger" title={`${dateTime(ms)} UTC`}>
          refused {ago(ms, now)}
        </span>
        {from}
      </>
    );
  }
  if (!keyUsed.last_used_ns) return <span className="muted">never</span>;
  const ms = msOf(keyUsed.last_used_ns);
  return (
    <>
      <span title={`${dateTime(ms)} UTC`}>{ago(ms, now)}</span>
      {from}
    </>
  );
}
