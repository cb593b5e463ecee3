import { Fragment } from 'react';
import type { Counters } from '@/api/types.ts';
import { count } from '@/lib/format.ts';
import styles from './arrivals.module.css';
import { addsUp } from './model.ts';

const PARTS = [
  ['stored', 'stored'],
  ['refused', 'refused'],
  ['dropped', 'dropped'],
  ['merged', 'merged as duplicates'],
] as const;

/** The promise as a sum: what was received is stored, refused, dropped or merged, and nothing else. */
export function SumStrip({ counters }: { counters: Counters | undefined }) {
  const figure = (n: number | undefined) => (n === undefined ? '–' : count(n));
  return (
    <div className={styles.sum}>
      <div>
        <div className={styles.figure}>{figure(counters?.received)}</div>
        <div className="muted">received</div>
      </div>
      {PARTS.map(([part, words], i) => (
        <Fragment key={part}>
          <span className={styles.op}>{i === 0 ? '=' : '+'}</span>
          <div>
            <div
              className={`${styles.figure}${part === 'refused' || part === 'dropped' ? ((counters?.[part] ?? 0) > 0 ? ' t-danger' : '') : ''}`}
            >
              {figure(counters?.[part])}
            </div>
            <div className="muted">{words}</div>
          </div>
        </Fragment>
      ))}
      {counters && !addsUp(counters) ? (
        <div className={`t-danger ${styles.wrong}`} role="alert">
          This does not add up: a fault of ours. Please report it.
        </div>
      ) : null}
    </div>
  );
}
