import { CircleCheck, CircleX, Minus } from 'lucide-react';
import type { SamplingRule } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { type Asked, keeps, PATTERNS, whichCatches } from './catch.ts';
import { percentText, tally } from './model.ts';
import styles from './sampling.module.css';

interface Props {
  rules: readonly SamplingRule[];
  asked: Asked;
  nowMs: number;
  change: (patch: Partial<Record<keyof Asked, string | undefined>>) => void;
}

const HINTS: Asked = {
  service: 'backend-flask',
  method: 'GET',
  host: 'not known',
  path: '/api/activities/home',
};

/** Asks the rules about a request that is typed in, and shows how each decided. */
export function Catches({ rules, asked, nowMs, change }: Props) {
  const steps = whichCatches(rules, asked);
  const caught = steps.find((step) => step.verdict === 'caught');
  const by = rules.find(({ rule }) => rule.name === caught?.name);
  const seen = by ? tally(by.windows, nowMs - 60_000).seen : 0;
  const rate =
    by && `${by.rule.reservoir_size} each second, and ${percentText(by.rule.fixed_rate)} % of what is over`;
  return (
    <section aria-label="Which rule catches">
      <div className="head">
        <h2>Which rule catches…</h2>
      </div>
      <div className={styles.ask}>
        {PATTERNS.map(({ word, of }) => (
          <label key={of}>
            <span className="muted">{word}</span>
            <input
              className="input sm mono"
              value={asked[of]}
              placeholder={HINTS[of]}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => change({ [of]: event.target.value || undefined })}
            />
          </label>
        ))}
      </div>
      <div className={styles.answer}>
        <div className="row" role="status">
          <Icon of={caught ? CircleCheck : CircleX} className={caught ? 't-ok' : 't-danger'} />
          <b className="strong">{caught ? `${caught.name}, priority ${caught.priority}` : 'No rule'}</b>
        </div>
        <ol>
          {steps.map((step) => (
            <li key={step.name} className={step.verdict === 'caught' ? '' : 'muted'}>
              <Icon
                of={step.verdict === 'caught' ? CircleCheck : step.verdict === 'missed' ? CircleX : Minus}
                className={step.verdict === 'caught' ? 't-ok' : ''}
              />
              <span className="num">{step.priority}</span>
              <span>
                <span className="vh">{step.name}: </span>
                {step.why}
              </span>
            </li>
          ))}
        </ol>
        {by && rate ? (
          <p className="muted">
            {seen > 0 ? (
              <>
                Of {count(seen)} in the last minute it keeps {rate}: about{' '}
                <b className="strong">{count(Math.round(60 * keeps(by.rule, seen / 60)))} a minute</b> when
                they come evenly.
              </>
            ) : (
              <>It keeps {rate}.</>
            )}
          </p>
        ) : null}
        <p className="muted">What is left empty is not known, and matches every pattern.</p>
      </div>
    </section>
  );
}
