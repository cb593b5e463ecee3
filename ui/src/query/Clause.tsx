import { Plus, X } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import styles from './Clause.module.css';
import { ClauseInput } from './ClauseInput.tsx';
import type { ClauseKind } from './complete.ts';

interface Props<T> {
  name: string;
  kind: ClauseKind;
  /** Beside the name: AND or OR, say. */
  aside?: ReactNode;
  items: readonly T[];
  render: (item: T) => string;
  show: (item: T) => ReactNode;
  /** Reads the text of one item; more than one may come of it. Throws a syntax problem. */
  parse: (text: string) => T[];
  change: (items: T[]) => void;
  add: string;
  placeholder: string;
  targets?: readonly string[];
  env: string;
  dataset: string | undefined;
  className?: string | undefined;
}

/** One clause of a question: its parts as chips. Enter on a chip edits it, Delete takes it out. */
export function Clause<T>(props: Props<T>) {
  const { items, name } = props;
  const [editing, setEditing] = useState<number>();
  const list = useRef<HTMLDivElement>(null);
  const focusChip = (at: number) => {
    setEditing(undefined);
    // After React put the chip back in the input's place.
    requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>('[data-chip]')[at]?.focus());
  };
  const input = (at: number, initial: string) => (
    <ClauseInput
      key={`edit-${at}`}
      kind={props.kind}
      label={`${name} ${at + 1}`}
      initial={initial}
      env={props.env}
      dataset={props.dataset}
      targets={props.targets ?? []}
      placeholder={props.placeholder}
      commit={(text) => {
        const made = props.parse(text);
        props.change([...items.slice(0, at), ...made, ...items.slice(at + 1)]);
        focusChip(at);
      }}
      cancel={() => focusChip(at)}
    />
  );
  const remove = (at: number) => {
    props.change(items.filter((_, i) => i !== at));
    focusChip(Math.min(at, items.length - 1));
  };
  return (
    <div className={`${styles.clause} ${props.className ?? ''}`} role="group" aria-label={name}>
      <div className={styles.name}>
        <span className="label">{name}</span>
        {props.aside}
      </div>
      <div className={styles.chips} ref={list}>
        {items.map((item, at) =>
          editing === at ? (
            input(at, props.render(item))
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: two equal parts differ only by their place
            <span key={`${at} ${props.render(item)}`} className="chip">
              <button
                type="button"
                data-chip
                className={styles.body}
                title="Enter edits, Delete takes out"
                onClick={() => setEditing(at)}
                onKeyDown={(event) => {
                  if (event.key === 'Delete' || event.key === 'Backspace') {
                    event.preventDefault();
                    remove(at);
                  }
                }}
              >
                {props.show(item)}
              </button>
              <button
                type="button"
                className="x"
                aria-label={`Take out ${props.render(item)}`}
                tabIndex={-1}
                onClick={() => remove(at)}
              >
                <Icon of={X} small />
              </button>
            </span>
          ),
        )}
        {editing === items.length ? (
          input(items.length, '')
        ) : (
          <button
            type="button"
            data-chip
            className="chip add"
            aria-label={items.length === 0 ? `Add to ${name}: ${props.add}` : `Add to ${name}`}
            onClick={() => setEditing(items.length)}
          >
            <Icon of={Plus} small />
            {items.length === 0 ? <span>&nbsp;{props.add}</span> : null}
          </button>
        )}
      </div>
    </div>
  );
}
