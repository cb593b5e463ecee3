import { useState } from 'react';
import { count, share } from '@/lib/format.ts';
import { rank } from '@/query/complete.ts';
import styles from './insights.module.css';
import type { FoundField } from './words.ts';

/** Drawn at once; the rest is found by its name. */
const SHOWN = 200;
/** Fewer than this are seen at a glance. */
const SEARCHED = 8;

/** What lines of the group have; a click adds a field to the question. */
export function FieldsFound({ fields, add }: { fields: readonly FoundField[]; add: (name: string) => void }) {
  const [typed, setTyped] = useState('');
  const found = rank(fields, typed, (one) => one.name);
  return (
    <section className={styles.fields} aria-label="Fields found">
      <div className={styles.fieldsHead}>
        <b className="strong">Fields found</b>
        <span className="muted">{count(fields.length)}</span>
        {fields.length >= SEARCHED ? (
          <input
            type="search"
            className={`input ${styles.find}`}
            aria-label="Find a field"
            placeholder="find"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        ) : null}
      </div>
      <ul className={styles.fieldRows}>
        {found.slice(0, SHOWN).map(({ name, type, part }) => (
          <li key={name}>
            <button type="button" title={name} onClick={() => add(name)}>
              <span className="vh">Add to the question:</span>
              <span className="muted">{type}</span>
              <span className="mono cut">
                <span className="v">{name}</span>
              </span>
              <span className="muted" title="Part of all lines taken so far that have it">
                {part === undefined ? '' : share(part, 1)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
