import { Archive, Check, RotateCcw, UserRound, VolumeX } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Issue, IssueChange } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { Picker } from '@/design/Picker.tsx';
import styles from './errors.module.css';
import { SNOOZES } from './model.ts';

interface Props {
  chosen: readonly Issue[];
  busy: boolean;
  error: Error | null;
  /** Names of all who own an item. */
  owners: readonly string[];
  set: (change: IssueChange) => void;
  clear: () => void;
}

/** What can be done with all selected items at once. */
export function BulkBar({ chosen, busy, error, owners, set, clear }: Props) {
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
      <button type="button" className="btn sm" disabled={busy} onClick={() => set({ status: 'resolved' })}>
        <Icon of={Check} />
        Resolve
      </button>
      <button type="button" className="btn sm" disabled={busy} onClick={() => set({ status: 'muted' })}>
        <Icon of={VolumeX} />
        Mute
      </button>
      <button type="button" className="btn sm" disabled={busy} onClick={() => set({ status: 'archived' })}>
        <Icon of={Archive} />
        Archive
      </button>
      <button
        type="button"
        className="btn sm"
        disabled={busy || chosen.every((one) => one.status === 'active')}
        onClick={() => set({ status: 'active' })}
      >
        <Icon of={RotateCcw} />
        Reopen
      </button>
      <Picker
        small
        name="Snooze"
        none="tell about them again"
        value={undefined}
        choices={SNOOZES}
        pick={(seconds) => set({ snooze_s: Number(seconds ?? 0) })}
      />
      <Assign owners={owners} busy={busy} assign={(owner) => set({ owner })} />
      <button type="button" className="btn sm ghost" onClick={clear}>
        Clear<kbd className="hide-s">Esc</kbd>
      </button>
    </section>
  );
}

/** Whose the items are: a name that is known, or any other; none takes them from their owner. */
function Assign({
  owners,
  busy,
  assign,
}: {
  owners: readonly string[];
  busy: boolean;
  assign: (owner: string) => void;
}) {
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    assign(name.trim());
  };
  return (
    <form className={styles.assign} onSubmit={submit}>
      <input
        className="input sm"
        placeholder="Owner"
        aria-label="Owner of the selected items"
        list="owners"
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <datalist id="owners">
        {owners.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <button type="submit" className="btn sm" disabled={busy}>
        <Icon of={UserRound} />
        {name.trim() === '' ? 'Assign to nobody' : 'Assign'}
      </button>
    </form>
  );
}
