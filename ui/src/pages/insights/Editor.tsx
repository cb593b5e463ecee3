import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { type Offer, offersOf, taken, wanted } from './complete.ts';
import styles from './insights.module.css';
import type { Words } from './words.ts';

interface Props {
  text: string;
  setText: (text: string) => void;
  run: () => void;
  words: Words;
}

/**
 * The question, with completion from the language and the fields of the group. Suggestions come while a word is typed, or with
 * Ctrl+Space; arrows move, Enter and Tab take, Escape closes.
 */
export function Editor({ text, setText, run, words }: Props) {
  const place = useRef<HTMLTextAreaElement>(null);
  const [caret, setCaret] = useState(text.length);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(0);
  // Where the caret has to stand once the text that was put in is shown.
  const next = useRef<number>(undefined);
  const id = useId();
  const want = wanted(text.slice(0, caret));
  const offers = open ? offersOf(want, words) : [];
  const active = Math.min(chosen, offers.length - 1);

  useEffect(() => {
    if (next.current === undefined) return;
    place.current?.setSelectionRange(next.current, next.current);
    next.current = undefined;
  });

  const take = (offer: Offer) => {
    const edited = taken(text, caret, want, offer);
    next.current = edited.caret;
    setText(edited.text);
    setCaret(edited.caret);
    setOpen(false);
    place.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const offer = offers[active];
    const modified = event.shiftKey || event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && modified) {
      event.preventDefault();
      setOpen(false);
      run();
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      setChosen(0);
      setOpen(true);
    } else if (offer === undefined) {
      return;
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setChosen((active + step + offers.length) % offers.length);
    } else if (event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey)) {
      event.preventDefault();
      take(offer);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      setOpen(false);
    }
  };

  const line = text.slice(0, want.from).split('\n');
  const column = line.at(-1)?.length ?? 0;
  return (
    <span className={styles.place}>
      <textarea
        ref={place}
        className={`input mono ${styles.text}`}
        aria-label="Question in the language of Logs Insights"
        aria-autocomplete="list"
        aria-controls={offers.length > 0 ? `${id}-list` : undefined}
        aria-activedescendant={offers.length > 0 ? `${id}-${active}` : undefined}
        rows={Math.min(12, Math.max(6, text.split('\n').length))}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => {
          const at = event.target.selectionStart;
          setText(event.target.value);
          setCaret(at);
          setChosen(0);
          setOpen(wanted(event.target.value.slice(0, at)).typed !== '');
        }}
        onSelect={(event) => {
          const at = event.currentTarget.selectionStart;
          if (at === caret) return;
          setCaret(at);
          setOpen(false);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setOpen(false)}
      />
      {offers.length > 0 ? (
        <div
          className={`popup ${styles.offers}`}
          id={`${id}-list`}
          role="listbox"
          aria-label="Suggestions"
          style={{
            top: line.length * 18 + 12 - (place.current?.scrollTop ?? 0),
            left: `max(0px, min(${column}ch + 8px, 100% - 320px))`,
          }}
        >
          {offers.map((offer, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the editor has the focus and answers the keys
            <div
              key={`${offer.note} ${offer.label}`}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              // The focus is in the editor.
              tabIndex={-1}
              className={i === active ? styles.on : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(offer)}
            >
              <span className="cut">{offer.label}</span>
              <span className="muted cut">{offer.note}</span>
            </div>
          ))}
        </div>
      ) : null}
    </span>
  );
}
