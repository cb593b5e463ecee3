import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { post } from '@/api/client.ts';
import { sessionQuery } from '@/api/queries.ts';
import type { EnvironmentInfo } from '@/api/types.ts';
import { Logo } from '@/design/Logo.tsx';
import { environmentColour } from '@/lib/color.ts';
import styles from './Login.module.css';
import { paths } from './paths.ts';

const COLOURS = ['blue', 'green', 'gold', 'red', 'purple'];

/** Makes an environment, then shows how to send to it. Also the first page of a server that has none. */
export function NewEnvironment({ first = false }: { first?: boolean }) {
  const [name, setName] = useState('');
  const [color, setColor] = useState('purple');
  const client = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: () => post<EnvironmentInfo>('/environments', { name: name.trim(), color }),
    onSuccess: async (made) => {
      await client.refetchQueries({ queryKey: sessionQuery().queryKey });
      await navigate(paths.send(made.slug));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) make.mutate();
  };
  return (
    <main className={styles.page}>
      <title>New environment · Foursight</title>
      <form className={styles.form} onSubmit={submit}>
        <h1 className={styles.title}>
          <Logo />
          {first ? 'The first environment' : 'New environment'}
        </h1>
        <p className="muted">
          Data, keys and questions of one environment stay apart from all others: one for each stage, such as{' '}
          <code>bootcamp</code> and <code>production</code>.
        </p>
        <label className={styles.field}>
          <span>Name</span>
          <input
            className="input"
            name="name"
            value={name}
            maxLength={64}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
            aria-invalid={make.isError}
            // biome-ignore lint/a11y/noAutofocus: the first field of the page
            autoFocus
          />
        </label>
        <fieldset className={styles.colours}>
          <legend>Colour</legend>
          {COLOURS.map((one) => (
            <label key={one} className="opt">
              <input type="radio" name="color" checked={one === color} onChange={() => setColor(one)} />
              <span className="dot" style={{ color: environmentColour(one) }} />
              {one}
            </label>
          ))}
        </fieldset>
        {make.error ? (
          <p className="t-danger" role="alert">
            {make.error.message}
          </p>
        ) : null}
        <button type="submit" className="btn primary" disabled={!name.trim() || make.isPending}>
          Create
        </button>
        {first ? null : (
          <Link to="/" className="link">
            Cancel
          </Link>
        )}
      </form>
    </main>
  );
}
