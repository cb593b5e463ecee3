import { Pause, Play } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Arrival } from '@/api/types.ts';
import type { LiveState } from '@/api/useLiveArrivals.ts';
import { Icon } from '@/design/Icon.tsx';
import { Picker } from '@/design/Picker.tsx';
import { count } from '@/lib/format.ts';
import { PROTOCOLS } from '@/lib/protocols.ts';
import styles from './arrivals.module.css';
import { distinct, type Filter, refusedItems } from './model.ts';

interface Props {
  filter: Filter;
  rows: readonly Arrival[];
  change: (
    patch: { outcome?: string; protocol?: string; key?: string; sender?: string } | Record<string, undefined>,
  ) => void;
  live: LiveState;
  /** Deliveries held back while paused; undefined while live. */
  waiting: number | undefined;
  pause: () => void;
}

/** What is listed, and whether the list moves. */
export function FilterBar({ filter, rows, change, live, waiting, pause }: Props) {
  const refused = rows.reduce((sum, row) => sum + refusedItems(row), 0);
  const set = (name: 'protocol' | 'key' | 'sender') => (value: string | undefined) =>
    change({ [name]: value } as Record<string, undefined>);
  const choices = (values: readonly string[]) => values.map((value) => ({ value, label: value }));
  const withChosen = (values: string[], chosen: string | undefined) =>
    chosen === undefined || values.includes(chosen) ? values : [chosen, ...values];
  return (
    <div className={`bar ${styles.filter}`}>
      <fieldset className="seg">
        <legend className="vh">Outcome</legend>
        <button
          type="button"
          aria-pressed={filter.outcome === 'all'}
          onClick={() => change({ outcome: undefined })}
        >
          All
        </button>
        <button
          type="button"
          aria-pressed={filter.outcome === 'refused'}
          onClick={() => change({ outcome: 'refused' })}
        >
          Refused {refused > 0 ? <b className="t-danger strong">{count(refused)}</b> : null}
        </button>
        <button
          type="button"
          aria-pressed={filter.outcome === 'taken'}
          onClick={() => change({ outcome: 'taken' })}
        >
          Taken
        </button>
      </fieldset>
      <Picker
        name="Protocol"
        none="any protocol"
        value={filter.protocol}
        choices={PROTOCOLS}
        pick={set('protocol')}
      />
      <Picker
        name="Key"
        none="any key"
        value={filter.key}
        choices={choices(
          withChosen(
            distinct(rows, (row) => row.key_prefix),
            filter.key,
          ),
        )}
        pick={set('key')}
      />
      <Picker
        name="Sender"
        none="any sender"
        value={filter.sender}
        choices={choices(
          withChosen(
            distinct(rows, (row) => row.sender),
            filter.sender,
          ),
        )}
        pick={set('sender')}
      />
      <span className="grow" />
      <span className="muted hide-m">all environments</span>
      <LiveWords live={live} paused={waiting !== undefined} />
      <button type="button" className={`btn${waiting === undefined ? '' : ' on'}`} onClick={pause}>
        <Icon of={waiting === undefined ? Pause : Play} />
        {waiting === undefined ? 'Pause' : `Go on${waiting > 0 ? `, ${count(waiting)} new` : ''}`}
        <kbd className="hide-s">Space</kbd>
      </button>
    </div>
  );
}

/** Whether the page hears what arrives, and when it tries again if not. */
function LiveWords({ live, paused }: { live: LiveState; paused: boolean }) {
  const [now, setNow] = useState(Date.now);
  const broken = live.kind === 'broken';
  useEffect(() => {
    if (!broken) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [broken]);
  const words = broken
    ? `not connected, again in ${Math.max(1, Math.ceil((live.retryAt - now) / 1000))} s`
    : paused
      ? 'paused'
      : live.kind === 'live'
        ? 'live'
        : 'connecting';
  return (
    <span
      className={`row ${styles.live} ${broken ? 't-warn' : live.kind === 'live' && !paused ? 't-ok' : 'muted'}`}
      role="status"
    >
      <span className="dot" />
      {words}
    </span>
  );
}
