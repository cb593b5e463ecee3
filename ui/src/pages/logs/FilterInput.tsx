import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useKeys } from '@/lib/keys.ts';
import styles from './logs.module.css';

/** Text, a filter pattern or a regular expression; taken with Enter. */
export function FilterInput({ value, take }: { value: string; take: (text: string) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(value), [value]);
  useKeys({ '/': () => input.current?.focus() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    take(text.trim());
  };
  return (
    <form className="row grow" onSubmit={submit} role="search">
      <input
        ref={input}
        className={`input ${styles.filter}`}
        value={text}
        placeholder="text, { pattern } or /regex/"
        aria-label="Filter lines by text, pattern or regular expression"
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setText(value);
        }}
      />
      <button type="submit" className="btn" disabled={text.trim() === value.trim()}>
        Filter
      </button>
    </form>
  );
}
