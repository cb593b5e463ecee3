import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changeRule, makeRule } from '@/api/sampling.ts';
import type { SamplingRule } from '@/api/types.ts';
import { PATTERNS } from './catch.ts';
import { percentText, readPercent, readWhole } from './model.ts';
import styles from './sampling.module.css';

interface Props {
  env: string;
  /** The rule to be changed; absent: a new one. */
  old: SamplingRule | undefined;
  done: (name: string) => void;
  close: () => void;
}

const HINTS = { service: 'backend-flask', method: 'GET', host: '*.example', path: '/api/*' };

/** Makes a rule, or changes one; of the one that is always there only reservoir and share. */
export function RuleForm({ env, old, done, close }: Props) {
  const rule = old?.rule;
  const [name, setName] = useState(rule?.name ?? '');
  const [priority, setPriority] = useState(String(rule?.priority ?? 1000));
  const [reservoir, setReservoir] = useState(String(rule?.reservoir_size ?? 1));
  const [percent, setPercent] = useState(percentText(rule?.fixed_rate ?? 0.05));
  const [patterns, setPatterns] = useState<Record<string, string>>(() =>
    Object.fromEntries(PATTERNS.map(({ field }) => [field, rule?.[field] ?? '*'])),
  );
  const read = {
    priority: old?.is_default ? rule?.priority : readWhole(priority, 1, 9999),
    reservoir_size: readWhole(reservoir, 0, 4_294_967_295),
    fixed_rate: readPercent(percent),
  };
  const save = useMutation({
    mutationFn: () => {
      const next = {
        // What the form does not show (type, resource, attributes) stays.
        ...rule,
        ...patterns,
        name: name.trim(),
        priority: read.priority ?? 0,
        reservoir_size: read.reservoir_size ?? 0,
        fixed_rate: read.fixed_rate ?? 0,
      };
      return old ? changeRule(env, next) : makeRule(env, next);
    },
    onSuccess: (made) => done(made.rule.name),
  });
  const ready = name.trim() !== '' && Object.values(read).every((value) => value !== undefined);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) save.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-label={old ? `Change rule ${name}` : 'New rule'}>
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
      {old?.is_default ? null : (
        <>
          <label className={styles.field}>
            Priority, 1 to 9999
            <input
              className={`input ${styles.short}`}
              inputMode="numeric"
              value={priority}
              aria-invalid={read.priority === undefined}
              onChange={(event) => setPriority(event.target.value)}
            />
          </label>
          {PATTERNS.map(({ field, word, of }) => (
            <label key={field} className={styles.field}>
              {word}, * and ? match any
              <input
                className="input mono"
                value={patterns[field]}
                placeholder={HINTS[of]}
                autoComplete="off"
                spellCheck={false}
                onChange={(event) => setPatterns({ ...patterns, [field]: event.target.value })}
              />
            </label>
          ))}
        </>
      )}
      <label className={styles.field}>
        Reservoir, a second
        <input
          className={`input ${styles.short}`}
          inputMode="numeric"
          value={reservoir}
          aria-invalid={read.reservoir_size === undefined}
          onChange={(event) => setReservoir(event.target.value)}
        />
      </label>
      <label className={styles.field}>
        Then, percent
        <input
          className={`input ${styles.short}`}
          inputMode="decimal"
          value={percent}
          aria-invalid={read.fixed_rate === undefined}
          onChange={(event) => setPercent(event.target.value)}
        />
      </label>
      <button type="submit" className="btn primary" disabled={!ready || save.isPending}>
        {old ? 'Save' : 'Create'}
      </button>
      <button type="button" className="btn ghost" onClick={close}>
        Cancel
      </button>
      {save.error ? (
        <span className="t-danger" role="alert">
          {save.error.message}
        </span>
      ) : null}
    </form>
  );
}
