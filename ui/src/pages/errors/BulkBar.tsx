import { Check, RotateCcw, VolumeX } from 'lucide-react';
import type { Issue, IssueStatus } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import styles from './errors.module.css';

interface Props {
  chosen: readonly Issue[];
  busy: boolean;
  error: Error | null;
  set: (status: IssueStatus) => void;
  clear: () => void;
}

/** What can be done with all selected items at once. */
export function BulkBar({ chosen, busy, error, set, clear }: Props) {
  return (
    <section className={styles.bulk} aria-label="Selected items">
      <b className="strong" aria-live="polite">
        {chosen.length} selected
      </b>
      {error ? (
        <span className="t-danger cut" role="alert">
          {error.message}
        </span>
      ) : null}
      <span className="grow" />
      <button type="button" className="btn sm" disabled={busy} onClick={() => set('resolved')}>
        <Icon of={Check} />
        Resolve
      </button>
      <button type="button" className="btn sm" disabled={busy} onClick={() => set('muted')}>
        <Icon of={VolumeX} />
        Mute
      </button>
      <button
        type="button"
        className="btn sm"
        disabled={busy || chosen.every((one) => one.status === 'active')}
        onClick={() => set('active')}
      >
        <Icon of={RotateCcw} />
        Reopen
      </button>
      <button type="button" className="btn sm ghost" onClick={clear}>
        Clear<kbd className="hide-s">Esc</kbd>
      </button>
    </section>
  );
}
