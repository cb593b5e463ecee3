import type { ReactNode } from 'react';
import styles from './sampling.module.css';

interface Props {
  children: ReactNode;
  word: string;
  busy: boolean;
  error: Error | null;
  go: () => void;
  cancel: () => void;
}

/** Says what will be gone, and asks once. */
export function Confirm({ children, word, busy, error, go, cancel }: Props) {
  return (
    <div className={styles.form} role="alertdialog" aria-label={word}>
      <p className="grow">{children}</p>
      {error ? (
        <span className="t-danger" role="alert">
          {error.message}
        </span>
      ) : null}
      <button
        type="button"
        className="btn danger"
        disabled={busy}
        onClick={go}
        // biome-ignore lint/a11y/noAutofocus: the question was just asked for
        autoFocus
      >
        {word}
      </button>
      <button type="button" className="btn ghost" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
