import { type KeyboardEvent, useEffect, useEffectEvent, useId, useState } from 'react';
import { type Entry, useSections } from './entries.ts';
import styles from './Palette.module.css';

/** Text, and below it where one can go. Arrows move, Enter goes. */
export function Body({ env, close }: { env: string; close: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string>();
  const now = useSections(env, text);
  const { busy } = now;
  // Nothing moves under the finger: what was there stays until all of the next is.
  const [last, setLast] = useState({ keys: '', sections: now.sections });
  const keys = now.sections.flatMap((one) => one.entries.map(({ key }) => key)).join('\n');
  if (!busy && last.keys !== keys) setLast({ keys, sections: now.sections });
  const sections = busy ? last.sections : now.sections;
  // Who types a name and Enter at once is taken there when it is found.
  const [entered, setEntered] = useState(false);
  const id = useId();
  const all = sections.flatMap((one) => one.entries);
  const at = Math.max(
    0,
    all.findIndex((one) => one.key === chosen),
  );
  const active = all[at];
  const go = useEffectEvent((entry: Entry) => {
    close();
    entry.go();
  });
  const leaving = entered && !busy;
  useEffect(() => {
    if (!leaving) return;
    if (active) go(active);
    else setEntered(false);
  }, [leaving, active]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && all.length > 0) {
      event.preventDefault();
      const next = (at + step + all.length) % all.length;
      setChosen(all[next]?.key);
      document.getElementById(`${id}-${next}`)?.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter' && (busy || active)) {
      event.preventDefault();
      setEntered(true);
    }
  };
  return (
    <>
      <input
        className={`input ${styles.input}`}
        value={text}
        placeholder="Go to, or paste an id"
        role="combobox"
        aria-label="Go to, or paste an id"
        aria-expanded={all.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active ? `${id}-${at}` : undefined}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the dialog was opened to type here
        autoFocus
        onChange={(event) => {
          setText(event.target.value);
          setChosen(undefined);
          setEntered(false);
        }}
        onKeyDown={onKeyDown}
      />
      <div className={styles.list} id={`${id}-list`} role="listbox" aria-label="Where to go">
        {sections.map((section, i) => (
          <div key={section.name} role="group" aria-labelledby={`${id}-s${i}`}>
            <div className={`label ${styles.name}`} id={`${id}-s${i}`} role="presentation">
              {section.name}
            </div>
            {section.entries.map((one) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox has the focus and answers the keys
              <div
                key={one.key}
                id={`${id}-${all.indexOf(one)}`}
                role="option"
                tabIndex={-1}
                aria-selected={one === active}
                className={styles.entry}
                onMouseMove={() => setChosen(one.key)}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => {
                  close();
                  one.go();
                }}
              >
                <bdi className="cut">{one.label}</bdi>
                <bdi className={`muted ${styles.note}`}>{one.note}</bdi>
              </div>
            ))}
          </div>
        ))}
      </div>
      <p className={`muted ${styles.foot}`} role="status">
        {busy
          ? 'Looking…'
          : all.length > 0
            ? 'Trace, span, item, occurrence, ARN: paste it as your tools show it'
            : 'Nothing here has that name or id'}
      </p>
    </>
  );
}
