import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Pencil, Trash2, TriangleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { changeSavedQuery, deleteSavedQuery, savedQueriesQuery } from '@/api/savedQueries.ts';
import type { SavedQuery } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { ago, nanos, toMs } from '@/lib/time.ts';
import { renderQuestion } from '@/query/text.ts';
import styles from './Saved.module.css';
import { SavedFields } from './SavedFields.tsx';
import { openingOf } from './saved.ts';

interface Props {
  env: string;
  saved: SavedQuery;
  /** The page shows it. */
  isCurrent: boolean;
  close: () => void;
}

/** A saved query: its name opens it. */
export function SavedRow({ env, saved, isCurrent, close }: Props) {
  const [mode, setMode] = useState<'rest' | 'rename' | 'delete'>('rest');
  const rename = useRef<HTMLButtonElement>(null);
  const left = useRef(false);
  useEffect(() => {
    // What had the focus is gone.
    if (mode === 'rest' && left.current) rename.current?.focus();
    left.current = mode !== 'rest';
  }, [mode]);
  const rest = () => setMode('rest');
  const opening = openingOf(saved);
  const can = 'question' in opening;
  const problem = can ? saved.problem : opening.cannot;
  return (
    <li className={styles.row} aria-current={isCurrent ? 'true' : undefined}>
      {mode === 'rename' ? (
        <Rename env={env} saved={saved} done={rest} />
      ) : (
        <>
          <span className={styles.head}>
            {can ? (
              <Link {...paths.explore(env)} search={opening.search} className={styles.name} onClick={close}>
                <bdi>{saved.name}</bdi>
              </Link>
            ) : (
              <bdi className={styles.name}>{saved.name}</bdi>
            )}
            <button
              type="button"
              ref={rename}
              className="btn sm ghost icon"
              aria-label={`Rename ${saved.name}`}
              title="Rename"
              onClick={() => setMode('rename')}
            >
              <Icon of={Pencil} small />
            </button>
            <button
              type="button"
              className="btn sm ghost icon"
              aria-label={`Delete ${saved.name}`}
              title="Delete"
              onClick={() => setMode('delete')}
            >
              <Icon of={Trash2} small />
            </button>
          </span>
          {saved.description ? (
            <p className={styles.why} dir="auto">
              {saved.description}
            </p>
          ) : null}
          <p className={`muted ${styles.asks}`}>
            {saved.dataset ?? 'all data sets'} · {ago(toMs(nanos(saved.changed_ns)), Date.now())}
            {can ? (
              <>
                {' '}
                · <code>{renderQuestion(opening.question)}</code>
              </>
            ) : null}
          </p>
          {problem ? (
            <p className={styles.problem}>
              <Icon of={TriangleAlert} small className="t-warn" />
              <span>{problem}</span>
            </p>
          ) : null}
          {mode === 'delete' ? <Delete env={env} saved={saved} cancel={rest} /> : null}
        </>
      )}
    </li>
  );
}

function Rename({ env, saved, done }: { env: string; saved: SavedQuery; done: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState(saved.name);
  const [description, setDescription] = useState(saved.description);
  const told = useId();
  const change = useMutation({
    mutationFn: () => changeSavedQuery(env, saved.id, { name, description }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: savedQueriesQuery(env).queryKey });
      done();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) change.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label={`Rename ${saved.name}`}>
      <SavedFields
        name={name}
        setName={setName}
        description={description}
        setDescription={setDescription}
        wrong={change.isError ? told : undefined}
      />
      {change.error ? (
        <p className="t-danger" role="alert" id={told}>
          {change.error.message}
        </p>
      ) : null}
      <span className="row">
        <button type="submit" className="btn" disabled={!name.trim() || change.isPending}>
          Rename
        </button>
        <button type="button" className="btn ghost" onClick={done}>
          Cancel
        </button>
      </span>
    </form>
  );
}

function Delete({ env, saved, cancel }: { env: string; saved: SavedQuery; cancel: () => void }) {
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () => deleteSavedQuery(env, saved.id),
    onSettled: () => client.invalidateQueries({ queryKey: savedQueriesQuery(env).queryKey }),
  });
  return (
    <div className={styles.form} role="alertdialog" aria-label={`Delete ${saved.name}`}>
      <p>It is gone for everyone. Links that were copied go on working.</p>
      {forget.error ? (
        <p className="t-danger" role="alert">
          {forget.error.message}
        </p>
      ) : null}
      <span className="row">
        <button
          type="button"
          className="btn danger"
          disabled={forget.isPending}
          onClick={() => forget.mutate()}
          // biome-ignore lint/a11y/noAutofocus: the question was just asked for
          autoFocus
        >
          Delete
        </button>
        <button type="button" className="btn ghost" onClick={cancel}>
          Cancel
        </button>
      </span>
    </div>
  );
}
