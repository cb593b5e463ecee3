import { useState } from 'react';
import type { Key } from '@/api/types.ts';
import { ago, dateTime } from '@/lib/time.ts';
import { eventsOf, kindName } from './model.ts';
import styles from './settings.module.css';

/** As many as are read at a glance. */
const FEW = 8;

/** What happened to the keys, the latest first. Who did it is not kept. */
export function KeyEvents({ keys }: { keys: readonly Key[] }) {
  const [all, setAll] = useState(false);
  const events = eventsOf(keys);
  const now = Date.now();
  if (events.length === 0) return null;
  return (
    <section aria-labelledby="key-events">
      <div className={`head ${styles.eventsHead}`}>
        <h2 id="key-events">History</h2>
        <span className="muted">keys made and revoked</span>
        {events.length > FEW ? (
          <button type="button" className="link right" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `The last ${FEW}` : `All ${events.length}`}
          </button>
        ) : null}
      </div>
      <ul className={styles.events}>
        {events.slice(0, all ? undefined : FEW).map(({ atMs, what, key }) => (
          <li key={`${key.id} ${what}`}>
            <time className="muted" dateTime={new Date(atMs).toISOString()}>
              {dateTime(atMs).slice(0, 19)} UTC
            </time>
            <span className={styles.event}>
              {what === 'made' ? 'Made' : 'Revoked'} {kindName(key.kind)}{' '}
              <span className="mono">{key.prefix}</span>
              {key.name ? ` “${key.name}”` : ''}
            </span>
            <span className="muted hide-s">{ago(atMs, now)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
