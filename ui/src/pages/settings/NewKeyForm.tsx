import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { makeKey } from '@/api/keys.ts';
import type { KeyKind, KeyMade } from '@/api/types.ts';
import { KINDS } from './model.ts';
import styles from './settings.module.css';

interface Props {
  env: string;
  made: (key: KeyMade) => void;
  close: () => void;
}

/** Asks what a key is for; a secret the team has already can be entered, so that no client need change. */
export function NewKeyForm({ env, made, close }: Props) {
  const [kind, setKind] = useState<KeyKind>('ingest');
  const [name, setName] = useState('');
  const [own, setOwn] = useState(false);
  const [secret, setSecret] = useState('');
  const [id, setId] = useState('');
  const [project, setProject] = useState('');
  const make = useMutation({
    mutationFn: () =>
      makeKey(env, {
        kind,
        name: name.trim(),
        ...(kind === 'project' ? { project: project.trim() } : {}),
        ...(own ? { secret: secret.trim() } : {}),
        ...(own && kind === 'signing' ? { signing_id: id.trim() } : {}),
      }),
    onSuccess: made,
    // The secret must not stay in a cache.
    gcTime: 0,
  });
  const named = kind !== 'project' || project.trim() !== '';
  const given = !own || (secret.trim() !== '' && (kind !== 'signing' || id.trim() !== ''));
  const ready = named && given;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) make.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label="New key">
      <label className={styles.field}>
        Kind
        <select className="input" value={kind} onChange={(event) => setKind(event.target.value as KeyKind)}>
          {KINDS.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}: {one.what}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.field}>
        Name
        <input
          className="input"
          value={name}
          maxLength={255}
          autoComplete="off"
          placeholder="where it will be used"
          onChange={(event) => setName(event.target.value)}
          // biome-ignore lint/a11y/noAutofocus: the form was just asked for
          autoFocus
        />
      </label>
      {kind === 'project' ? (
        <label className={styles.field}>
          Project
          <input
            className="input"
            value={project}
            maxLength={255}
            autoComplete="off"
            placeholder="one there is, or a new one"
            onChange={(event) => setProject(event.target.value)}
          />
        </label>
      ) : null}
      <label className="opt">
        <input type="checkbox" checked={own} onChange={(event) => setOwn(event.target.checked)} />
        one we have already
      </label>
      {own && kind === 'signing' ? (
        <label className={styles.field}>
          Access key id
          <input
            className="input mono"
            value={id}
            autoComplete="off"
            onChange={(event) => setId(event.target.value)}
          />
        </label>
      ) : null}
      {own ? (
        <label className={styles.field}>
          {kind === 'signing' ? 'Secret access key' : 'Key'}
          <input
            className="input mono"
            type="password"
            value={secret}
            autoComplete="off"
            onChange={(event) => setSecret(event.target.value)}
          />
        </label>
      ) : null}
      <button type="submit" className="btn primary" disabled={!ready || make.isPending}>
        Create
      </button>
      <button type="button" className="btn ghost" onClick={close}>
        Cancel
      </button>
      {make.error ? (
        <span className="t-danger" role="alert">
          {make.error.message}
        </span>
      ) : null}
    </form>
  );
}
