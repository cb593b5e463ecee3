import { useState } from 'react';
import type { Arrival } from '@/api/types.ts';
import styles from './arrivals.module.css';
import { Delivery } from './Delivery.tsx';
import { tone } from './model.ts';

/** Refusals that stand open without a click; the rest says why when opened. */
const OPEN_REFUSALS = 2;
const FIRST_ROWS = 200;

interface Props {
  rows: readonly Arrival[];
  env: string;
  devKey: string | undefined;
  pick: (patch: { sender?: string; key?: string }) => void;
}

export function DeliveryList({ rows, env, devKey, pick }: Props) {
  const [asked, setAsked] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [most, setMost] = useState(FIRST_ROWS);
  const opened = openAtFirst(rows, env);
  return (
    <>
      <div className={`${styles.row} ${styles.heads}`} aria-hidden="true">
        <span>Time</span>
        <span>Protocol</span>
        <span>From</span>
        <span>Client</span>
        <span>Key</span>
        <span>Outcome</span>
        <span className="num">Seen</span>
      </div>
      <ul>
        {rows.slice(0, most).map((row) => (
          <Delivery
            key={row.id}
            row={row}
            env={env}
            devKey={devKey}
            open={asked.get(row.id) ?? opened.has(row.id)}
            setOpen={(open) => setAsked(new Map(asked).set(row.id, open))}
            pick={pick}
          />
        ))}
      </ul>
      {rows.length > most ? (
        <button type="button" className={`btn ${styles.more}`} onClick={() => setMost(most + FIRST_ROWS)}>
          Show {Math.min(FIRST_ROWS, rows.length - most)} older of {rows.length - most}
        </button>
      ) : null}
    </>
  );
}

/** The latest refusals, and the latest delivery into another environment: what one came here to find. */
function openAtFirst(rows: readonly Arrival[], env: string): Set<string> {
  const open = new Set<string>();
  let elsewhere = false;
  for (const row of rows) {
    const kind = tone(row, env);
    if ((kind === 'refused' || kind === 'partial') && open.size < OPEN_REFUSALS) open.add(row.id);
    if (kind === 'elsewhere' && !elsewhere) {
      elsewhere = true;
      open.add(row.id);
    }
  }
  return open;
}
