import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { changeGroup, makeGroup } from '@/api/sampling.ts';
import type { Group } from '@/api/types.ts';
import styles from './sampling.module.css';

interface Props {
  env: string;
  /** The group to be changed; absent: a new one. */
  old: Group | undefined;
  done: () => void;
  close: () => void;
}

/** Names a filter expression; what cannot be read is told with its place. */
export function GroupForm({ env, old, done, close }: Props) {
  const [name, setName] = useState(old?.name ?? '');
  const [expression, setExpression] = useState(old?.expression ?? '');
  const wrong = useId();
  const save = useMutation({
    mutationFn: () => (old ? changeGroup : makeGroup)(env, name.trim(), expression.trim()),
    onSuccess: done,
  });
  const ready = name.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) save.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label={old ? `Change group ${name}` : 'New group'}>
      <label className={styles.field}>
        Name
        <input
          className="input"
          value={name}
          maxLength={32}
          readOnly={old !== undefined}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
          // biome-ignore lint/a11y/noAutofocus: the form was just asked for
          autoFocus={old === undefined}
        />
      </label>
      <label className={`${styles.field} grow`}>
        Filter expression, empty for every trace
        <input
          className="input mono"
          value={expression}
          placeholder={'service("backend-flask") AND responsetime > 0.9'}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={save.isError}
          aria-describedby={save.isError ? wrong : undefined}
          onChange={(event) => setExpression(event.target.value)}
        />
      </label>
      <button type="submit" className="btn primary" disabled={!ready || save.isPending}>
        {old ? 'Save' : 'Create'}
      </button>
      <button type="button" className="btn ghost" onClick={close}>
        Cancel
      </button>
      {save.error ? (
        <p className={`t-danger ${styles.wrong}`} role="alert" id={wrong}>
          {save.error.message}
        </p>
      ) : null}
    </form>
  );
}
