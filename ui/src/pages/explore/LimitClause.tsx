import { useRef, useState } from 'react';
import styles from './QueryBuilder.module.css';

const USUAL = 100;
const MOST = 10_000;

/** How many groups are listed. */
export function LimitClause({
  limit,
  change,
  className,
}: {
  limit: number | undefined;
  change: (limit: number | undefined) => void;
  className?: string | undefined;
}) {
  const [editing, setEditing] = useState(false);
  const chip = useRef<HTMLButtonElement>(null);
  const leave = () => {
    setEditing(false);
    requestAnimationFrame(() => chip.current?.focus());
  };
  const take = (text: string) => {
    const n = Number(text);
    if (Number.isInteger(n) && n >= 1 && n <= MOST) change(n === USUAL ? undefined : n);
  };
  return (
    <div className={`${styles.plain} ${className ?? ''}`} role="group" aria-label="Limit">
      <span className="label">Limit</span>
      {editing ? (
        <input
          className={`input mono ${styles.number}`}
          type="number"
          min={1}
          max={MOST}
          defaultValue={limit ?? USUAL}
          aria-label="Most groups listed"
          // biome-ignore lint/a11y/noAutofocus: it takes the place of the chip that was activated
          autoFocus
          onBlur={(event) => {
            take(event.target.value);
            setEditing(false);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              take(event.currentTarget.value);
              if (!event.shiftKey) leave();
            } else if (event.key === 'Escape') {
              event.stopPropagation();
              leave();
            }
          }}
        />
      ) : (
        <button type="button" className="chip" ref={chip} onClick={() => setEditing(true)}>
          <em>{limit ?? USUAL}</em>
        </button>
      )}
    </div>
  );
}
