import { Picker } from '@/design/Picker.tsx';
import { CLIENTS, LANGUAGES, PLACES, type Place, type What } from './model.ts';
import { Step } from './Step.tsx';
import styles from './send.module.css';

const KINDS: readonly { value: What; name: string; words: string }[] = [
  { value: 'otel', name: 'OpenTelemetry', words: 'spans, lines, metrics' },
  { value: 'events', name: 'Events API', words: 'libhoney, JSON' },
];

interface Props {
  what: What;
  language: string;
  place: Place;
  change: (patch: { what?: string | undefined; lang?: string | undefined; in?: string | undefined }) => void;
}

export function WhatStep({ what, language, place, change }: Props) {
  return (
    <Step number={1} title="What do you send?" state="done">
      <fieldset className={styles.what}>
        <legend className="vh">What do you send?</legend>
        {KINDS.map((kind) => (
          <button
            key={kind.value}
            type="button"
            aria-pressed={what === kind.value}
            onClick={() => change({ what: kind.value === 'otel' ? undefined : kind.value, lang: undefined })}
          >
            <b>{kind.name}</b>
            <span>{kind.words}</span>
          </button>
        ))}
      </fieldset>
      <div className={`row ${styles.picks}`}>
        <span className="muted">{what === 'otel' ? 'Language' : 'Client'}</span>
        <Picker
          small
          name={what === 'otel' ? 'Language' : 'Client'}
          value={language}
          choices={what === 'otel' ? LANGUAGES : CLIENTS}
          pick={(lang) => change({ lang })}
        />
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
