import { Picker } from '@/design/Picker.tsx';
import { PLACES, type Place, type What } from './model.ts';
import { Step } from './Step.tsx';
import styles from './send.module.css';
import { languagesOf, SOURCES } from './sources.ts';

interface Props {
  what: What;
  language: string;
  place: Place;
  change: (patch: { what?: string | undefined; lang?: string | undefined; in?: string | undefined }) => void;
}

export function WhatStep({ what, language, place, change }: Props) {
  const languages = languagesOf(what);
  const word = what === 'events' ? 'Client' : 'Language';
  return (
    <Step number={1} title="What do you send?" state="done">
      <fieldset className={styles.what}>
        <legend className="vh">What do you send?</legend>
        {SOURCES.map((kind) => (
          <button
            key={kind.what}
            type="button"
            aria-pressed={what === kind.what}
            onClick={() => change({ what: kind.what === 'otel' ? undefined : kind.what, lang: undefined })}
          >
            <b>{kind.name}</b>
            <span>{kind.words}</span>
          </button>
        ))}
      </fieldset>
      <div className={`row ${styles.picks}`}>
        {languages.length > 0 ? (
          <>
            <span className="muted">{word}</span>
            <Picker
              small
              name={word}
              value={language}
              choices={languages}
              pick={(lang) => change({ lang })}
            />
          </>
        ) : null}
        <span className="muted">Runs in</span>
        <Picker
          small
          name="Runs in"
          value={place}
          choices={PLACES}
          pick={(where) => change({ in: where === 'local' ? undefined : where })}
        />
      </div>
    </Step>
  );
}
