import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { ApiError, post } from '@/api/client.ts';
import { Logo } from '@/design/Logo.tsx';
import styles from './Login.module.css';

/**
 * Asks for the owner's token, once: the server answers with a cookie that scripts cannot read, so the token
 * lies nowhere in the browser.
 */
export function Login() {
  const [token, setToken] = useState('');
  const client = useQueryClient();
  const router = useRouter();
  const login = useMutation({
    mutationFn: (text: string) => post<void>('/session', { token: text }),
    onSuccess: async () => {
      setToken('');
      await client.resetQueries();
      await router.invalidate();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (token.trim()) login.mutate(token.trim());
  };
  const wrong = login.error instanceof ApiError && (login.error.status === 401 || login.error.status === 403);
  return (
    <main className={styles.page}>
      <form className={styles.form} onSubmit={submit}>
        <h1 className={styles.title}>
          <Logo />
          Foursight
        </h1>
        <label className={styles.field}>
          <span>Owner token</span>
          <input
            className="input mono"
            type="password"
            name="token"
            autoComplete="current-password"
            value={token}
            onChange={(event) => setToken(event.target.value)}
            aria-invalid={login.isError}
            aria-describedby="token-help"
            // biome-ignore lint/a11y/noAutofocus: the one field of the page
            autoFocus
          />
        </label>
        {login.error ? (
          <p className="t-danger" role="alert">
            {wrong ? 'This is not the owner token of this server.' : login.error.message}
          </p>
        ) : null}
        <button type="submit" className="btn primary" disabled={!token.trim() || login.isPending}>
          Sign in
        </button>
        <p className="muted" id="token-help">
          The server made it at its first start and printed where it lies: the file <code>setup-token</code>{' '}
          in the data directory.
        </p>
      </form>
    </main>
  );
}
