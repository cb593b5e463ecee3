import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, useDeferredValue, useId, useRef, useState } from 'react';
import { fieldsQuery, valuesQuery } from '@/api/queries.ts';
import type { Field } from '@/api/types.ts';
import { count, valueText } from '@/lib/format.ts';
import styles from './ClauseInput.module.css';
import { type ClauseKind, OPERATIONS, rank, type Wanted, wanted } from './complete.ts';
import { SyntaxProblem } from './lexer.ts';
import { fieldless } from './model.ts';
import { renderField, renderValue } from './text.ts';

interface Props {
  kind: ClauseKind;
  label: string;
  initial: string;
  env: string;
  dataset: string | undefined;
  /** Calculations and groups that orders and conditions on groups may name, as text. */
  targets: readonly string[];
  /** Takes the text; throws {@link SyntaxProblem} when it cannot be read. */
  commit: (text: string) => void;
  cancel: () => void;
  placeholder: string;
}

interface Offer {
  /** Replaces the typed part. */
  text: string;
  label: string;
  note: string;
  /** Whether the clause is whole with it. */
  done: boolean;
}

const SHOWN = 12;

/** One clause as text, with completion from what the server knows. Enter takes, Escape leaves. */
export function ClauseInput(props: Props) {
  const [text, setText] = useState(props.initial);
  const [caret, setCaret] = useState(props.initial.length);
  const [chosen, setChosen] = useState<number>();
  const [problem, setProblem] = useState<SyntaxProblem>();
  const [closed, setClosed] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const want = wanted(props.kind, text.slice(0, caret));
  const offers = useOffers(want, props).slice(0, SHOWN);
  // Values are free text, so a suggestion is taken only when the reader moved to it.
  const typed = 'typed' in want ? want.typed : '';
  const firm =
    typed !== '' || (want.kind === 'words' && (props.kind === 'filter' || props.kind === 'having'));
  const auto = want.kind !== 'value' && firm && offers.length > 0 ? 0 : undefined;
  const active = closed ? undefined : (chosen ?? auto);

  const change = (next: string, at: number) => {
    setText(next);
    setCaret(at);
    setChosen(undefined);
    setProblem(undefined);
    setClosed(false);
  };
  const finish = (whole: string) => {
    if (whole.trim() === '') return props.cancel();
    try {
      props.commit(whole);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      setProblem(error);
      setClosed(true);
    }
  };
  const accept = (offer: Offer, leave: boolean) => {
    const from = 'from' in want ? want.from : caret;
    const next = text.slice(0, from) + offer.text + text.slice(caret).replace(/^[^\s,()]*/, '');
    if (offer.done && leave) return finish(next);
    change(next, from + offer.text.length);
    input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const offer = active === undefined ? undefined : offers[active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (closed) return setClosed(false);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const from = active ?? (step > 0 ? -1 : offers.length);
      if (offers.length > 0) setChosen((from + step + offers.length) % offers.length);
    } else if (event.key === 'Tab' && !event.shiftKey && offer && offer.text.trim() !== typed) {
      event.preventDefault();
      accept(offer, false);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (event.shiftKey) {
        // Runs the query with what stands here.
        finish(text);
      } else if (offer && offer.text.trim() !== text.slice('from' in want ? want.from : caret, caret)) {
        event.stopPropagation();
        accept(offer, true);
      } else {
        event.stopPropagation();
        finish(text);
      }
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      props.cancel();
    } else if (event.key === 'Backspace' && text === '') {
      event.preventDefault();
      props.cancel();
    }
  };

  return (
    <span className={styles.place}>
      <input
        ref={input}
        className={`input mono ${styles.input}`}
        value={text}
        size={Math.max(18, text.length + 2)}
        placeholder={props.placeholder}
        role="combobox"
        aria-label={props.label}
        aria-expanded={!closed && offers.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active === undefined ? undefined : `${id}-${active}`}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? `${id}-problem` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the chip that was activated
        autoFocus
        onChange={(event) =>
          change(event.target.value, event.target.selectionStart ?? event.target.value.length)
        }
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? text.length)}
        onKeyDown={onKeyDown}
        onBlur={() => (text.trim() === '' || text === props.initial ? props.cancel() : finish(text))}
      />
      {problem ? (
        <span className={`popup ${styles.problem}`} id={`${id}-problem`} role="alert">
          {problem.message}
        </span>
      ) : null}
      {!closed && offers.length > 0 ? (
        <div className={`popup ${styles.list}`} id={`${id}-list`} role="listbox" aria-label="Suggestions">
          {offers.map((offer, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the focus and answers the keys
            <div
              key={offer.label}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              className={i === active ? styles.on : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => accept(offer, true)}
            >
              <span className="cut">{offer.label}</span>
              <span className="muted">{offer.note}</span>
            </div>
          ))}
        </div>
      ) : null}
    </span>
  );
}

function useOffers(want: Wanted, { env, dataset, kind, targets }: Props): Offer[] {
  const fields = useQuery(fieldsQuery(env, dataset));
  const asked = want.kind === 'value' ? { field: want.field, prefix: want.typed } : undefined;
  const prefix = useDeferredValue(asked?.prefix ?? '');
  const values = useQuery({
    ...valuesQuery(env, dataset, asked?.field ?? '', prefix),
    enabled: asked !== undefined,
    placeholderData: (before) => before,
  });
  switch (want.kind) {
    case 'operation':
      return rank(OPERATIONS, want.typed, (one) => one.name).map(({ name, says }) => ({
        text: fieldless(name) ? name : `${name}(`,
        label: name,
        note: says,
        done: fieldless(name),
      }));
    case 'field': {
      const known = (fields.data ?? []).filter((one) => !want.numeric || isNumeric(one));
      return rank(known, want.typed, (one) => one.name).map((one) => ({
        text: renderField(one.name) + want.suffix,
        label: one.name,
        note: one.types.join(' '),
        done: kind !== 'filter',
      }));
    }
    case 'words':
      return rank(want.words, want.typed, (one) => one).map((one) => ({
        text:
          one === 'desc' || one === 'asc' ? one : one === 'in' || one === 'not-in' ? `${one} (` : `${one} `,
        label: one,
        note: '',
        done: kind === 'order' || one === 'exists' || one === 'does-not-exist',
      }));
    case 'target':
      return rank(targets, want.typed, (one) => one).map((one) => ({
        text: kind === 'having' ? `${one} ` : one,
        label: one,
        note: '',
        done: false,
      }));
    case 'value':
      return (values.data ?? []).flatMap(({ value, count: n }) =>
        value === null || typeof value === 'object'
          ? []
          : [{ text: renderValue(value), label: valueText(value), note: count(n), done: true }],
      );
    default:
      return [];
  }
}

function isNumeric(field: Field): boolean {
  return field.types.length === 0 || field.types.some((type) => type === 'integer' || type === 'float');
}
