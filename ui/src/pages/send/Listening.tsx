import { CircleCheck, CircleX, Info, KeyRound } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Arrival } from '@/api/types.ts';
import { useLiveArrivals } from '@/api/useLiveArrivals.ts';
import { Icon } from '@/design/Icon.tsx';
import { plural } from '@/lib/format.ts';
import { protocolName } from '@/lib/protocols.ts';
import { clock, nanos, toMs } from '@/lib/time.ts';
import { Came, CameElsewhere, CameRefused } from './Came.tsx';
import { hear, SILENCE } from './hearing.ts';
import type { Check, What } from './model.ts';
import styles from './send.module.css';
import { sourceOf } from './sources.ts';

/** After this long silence is no patience any more: the list of causes is put forward. */
const SILENT_AFTER_S = 30;

interface Props {
  env: string;
  what: What;
  secret: string | undefined;
  ports: string;
  checks: readonly Check[];
}

/** Hears every delivery of every environment, so that a wrong key is named as soon as it is used. */
export function Listening({ env, what, secret, ports, checks }: Props) {
  const [heard, setHeard] = useState(SILENCE);
  const [opened] = useState(Date.now);
  const [now, setNow] = useState(Date.now);
  const live = useLiveArrivals((events) => setHeard((old) => hear(old, events, env, what)));
  const waiting = heard.first === undefined;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [waiting]);
  const seconds = Math.max(0, Math.floor((now - opened) / 1000));
  const silent = waiting && seconds >= SILENT_AFTER_S;
  const { thing } = sourceOf(what);
  return (
    <aside className={`panel ${styles.side}`} aria-label="What arrives">
      <div className={styles.wait}>
        <div className={styles.listen}>
          {waiting ? (
            <span className={styles.spin} aria-hidden="true" />
          ) : (
            <Icon of={CircleCheck} className="t-ok" />
          )}
          <div>
            <h2>{waiting ? `Waiting for the first ${thing}` : `The first ${thing} is here`}</h2>
            <span className="muted">
              {live.kind === 'broken' ? (
                <span className="t-warn">not connected to the server, trying again</span>
              ) : (
                <>
                  {waiting ? `${seconds} s · ` : ''}
                  {ports}, all environments
                </>
              )}
            </span>
          </div>
        </div>
        <div aria-live="polite">
          {heard.first ? <Came row={heard.first} /> : null}
          {heard.refused ? <CameRefused row={heard.refused} env={env} secret={secret} /> : null}
          {heard.elsewhere && !heard.refused ? <CameElsewhere row={heard.elsewhere} env={env} /> : null}
        </div>
      </div>
      <div className="head">
        <h2>Heard so far</h2>
        <span className="muted right">since you opened this page</span>
      </div>
      {heard.log.length === 0 ? (
        <p className={`muted ${styles.nothing}`}>Nothing yet, on any port.</p>
      ) : (
        <ul className={styles.checks}>
          {heard.log.map((row) => (
            <LogLine key={row.id} row={row} env={env} />
          ))}
        </ul>
      )}
      {waiting ? (
        <>
          <div className={`head ${silent ? 't-warn' : ''}`}>
            <h2>
              {silent
                ? `Nothing for ${SILENT_AFTER_S} s: go through these`
                : `If nothing comes for ${SILENT_AFTER_S} s`}
            </h2>
          </div>
          <ul className={styles.checks}>
            {checks.map((check) => (
              <li key={check.title}>
                <Icon of={Info} className={silent ? 't-warn' : 'muted'} />
                <div>
                  {check.title}
                  <br />
                  <span className="muted">{check.text}</span>
                </div>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </aside>
  );
}

function LogLine({ row, env }: { row: Arrival; env: string }) {
  const bad = row.counters.refused + row.counters.dropped > 0;
  const elsewhere = !bad && row.env !== env;
  return (
    <li>
      <Icon
        of={bad ? CircleX : elsewhere ? KeyRound : CircleCheck}
        className={bad ? 't-danger' : elsewhere ? 't-warn' : 't-ok'}
      />
      <div>
        {clock(toMs(nanos(row.last_ns)))} {protocolName(row.protocol)} from {row.sender}:{' '}
        {bad ? (
          (row.reason?.text ?? 'refused')
        ) : (
          <>
            {plural(row.counters.stored + row.counters.merged, 'item')} into{' '}
            {row.datasets.join(', ') || row.env}
            {elsewhere ? ` of ${row.env}` : ''}
          </>
        )}
      </div>
    </li>
  );
}
