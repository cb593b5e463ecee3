import { Popover } from '@base-ui/react/popover';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Star } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { changeSavedQuery, savedQueriesQuery, saveQuery } from '@/api/savedQueries.ts';
import type { SavedQuery } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { type Question, specOf } from '@/query/model.ts';
import { sayRange } from '@/query/range.ts';
import { renderQuestion } from '@/query/text.ts';
import styles from './Saved.module.css';
import { SavedFields } from './SavedFields.tsx';

interface Props {
  env: string;
  dataset: string | undefined;
  /** What the builder shows. */
  question: Question;
  saved: readonly SavedQuery[];
  /** The saved query that asks just this. */
  as: SavedQuery | undefined;
  done: () => void;
}

/** Keeps the question under a name. A name that is there already is given to this question. */
export function SaveQuery(props: Props) {
  const [open, setOpen] = useState(false);
  const { as } = props;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        className="btn sm ghost"
        aria-label="Save"
        title={as ? `Saved as “${as.name}”` : 'Keep this query under a name'}
      >
        <Icon of={Star} small {...(as ? { className: styles.kept } : {})} />
        <span className="hide-s">Save</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="positioner" align="end" sideOffset={4}>
          <Popover.Popup className={`popup ${styles.popup}`} aria-label="Save the query">
            <Form {...props} close={() => setOpen(false)} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Form({ env, dataset, question, saved, as, done, close }: Props & { close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const told = useId();
  const taken = saved.find((one) => one.name === name.trim());
  const save = useMutation({
    mutationFn: () => {
      const asks = { query: specOf(question), ...(dataset === undefined ? {} : { dataset }) };
      return taken
        ? changeSavedQuery(env, taken.id, { ...asks, ...(description.trim() ? { description } : {}) })
        : saveQuery(env, { name, description, ...asks });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: savedQueriesQuery(env).queryKey });
      close();
      done();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) save.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label="Save the query">
      <p className={styles.asks} title={renderQuestion(question)}>
        <span className="muted">{dataset ?? 'all data sets'} · </span>
        <code>{renderQuestion(question)}</code>
      </p>
      <p className="muted">
        {question.range.kind === 'last'
          ? `Asks about the ${sayRange(question.range)} whenever it is opened.`
          : 'Asks about the same time whenever it is opened.'}
        {as ? (
          <>
            {' '}
            It is saved as <bdi>{as.name}</bdi> already.
          </>
        ) : null}
      </p>
      <SavedFields
        name={name}
        setName={setName}
        description={description}
        setDescription={setDescription}
        wrong={save.isError ? told : undefined}
      />
      <p id={told} role={save.isError ? 'alert' : 'status'} className={save.isError ? 't-danger' : 'muted'}>
        {save.error
          ? save.error.message
          : taken
            ? 'There is one of this name: it will ask this instead.'
            : ''}
      </p>
      <span className="row">
        <button type="submit" className="btn primary" disabled={!name.trim() || save.isPending}>
          {taken ? 'Replace' : 'Save query'}
        </button>
        <button type="button" className="btn ghost" onClick={close}>
          Cancel
        </button>
      </span>
    </form>
  );
}
