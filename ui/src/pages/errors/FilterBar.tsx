import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Issues, Project } from '@/api/types.ts';
import { Picker } from '@/design/Picker.tsx';
import { plural } from '@/lib/format.ts';
import { useKeys } from '@/lib/keys.ts';
import styles from './errors.module.css';
import { LEVELS, levelOf, STATUSES, statusOf } from './model.ts';
import type { ErrorsSearch } from './search.ts';

export type Change = (patch: { [K in keyof ErrorsSearch]?: string | undefined }) => void;

interface Props {
  search: ErrorsSearch;
  projects: readonly Project[];
  answer: Issues | undefined;
  change: Change;
  /** Hands what passes out as a file, `csv` or `json`. */
  save: (form: string) => void;
}

const FORMS = [
  { value: 'csv', label: 'as CSV' },
  { value: 'json', label: 'as JSON' },
];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** Which items are listed: words, level, environment, status, owner, project. */
export function FilterBar({ search, projects, answer, change, save }: Props) {
  const names = (list: readonly string[] | undefined, chosen: string | undefined) =>
    [...new Set([...(list ?? []), ...(chosen === undefined ? [] : [chosen])])].map((value) => ({
      value,
      label: value,
    }));
  return (
    <div className={`bar ${styles.filters}`}>
      <SearchInput value={search.q ?? ''} take={(q) => change({ q: q || undefined })} />
      {projects.length > 1 ? (
        <Picker
          name="Project"
          none="all projects"
          value={search.project}
          choices={projects.map((one) => ({ value: one.dataset, label: one.name }))}
          pick={(project) => change({ project })}
        />
      ) : null}
      <Picker
        name="Level"
        none="any level"
        value={levelOf(search)}
        choices={LEVELS.map((value) => ({ value, label: capital(value) }))}
        pick={(level) => change({ level })}
      />
      <Picker
        name="Environment"
        none="any environment"
        value={search.environment}
        choices={names(answer?.environments, search.environment)}
        pick={(environment) => change({ environment })}
      />
      <Picker
        name="Status"
        none="all but archived"
        value={statusOf(search)}
        choices={STATUSES.map((value) => ({ value, label: capital(value) }))}
        pick={(status) => change({ status })}
      />
      {(answer?.owners.length ?? 0) > 0 || search.owner ? (
        <Picker
          name="Owner"
          none="anybody"
          value={search.owner}
          choices={names(['nobody', ...(answer?.owners ?? [])], search.owner)}
          pick={(owner) => change({ owner })}
        />
      ) : null}
      <span className="grow" />
      <span className="muted hide-s" aria-live="polite">
        {answer ? plural(answer.total, 'item') : ''}
      </span>
      {answer && answer.total > 0 ? (
        <Picker name="Export" value={undefined} choices={FORMS} pick={(form) => save(form ?? 'csv')} />
      ) : null}
    </div>
  );
}

function SearchInput({ value, take }: { value: string; take: (text: string) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  useKeys({ '/': () => input.current?.focus() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take(text.trim());
  };
  return (
    <form className={styles.search} onSubmit={submit} role="search">
      <input
        ref={input}
        className="input"
        value={text}
        placeholder="words of the title, or #12"
        aria-label="Search items by words of the title or by number"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onBlur={() => take(text.trim())}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setText(value);
        }}
      />
    </form>
  );
}
