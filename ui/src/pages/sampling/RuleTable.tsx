import { Pencil, Trash2 } from 'lucide-react';
import type { SamplingRule } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, share } from '@/lib/format.ts';
import { matchOf, percentText, tally } from './model.ts';
import styles from './sampling.module.css';

interface Props {
  rules: readonly SamplingRule[];
  nowMs: number;
  chosen: string | undefined;
  choose: (name: string) => void;
  edit: (rule: SamplingRule) => void;
  remove: (name: string) => void;
}

/** Rules in the order they decide, with what clients reported of the last minute. */
export function RuleTable({ rules, nowMs, chosen, choose, edit, remove }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles.wide} aria-label="Rules" tabIndex={0}>
      <table className="fix l">
        <colgroup>
          <col style={{ width: 76 }} />
          <col style={{ width: 112 }} />
          <col />
          <col style={{ width: 80 }} />
          <col style={{ width: 64 }} />
          <col style={{ width: 72 }} />
          <col style={{ width: 164 }} />
          <col style={{ width: 76 }} />
          <col style={{ width: 68 }} />
          <col style={{ width: 72 }} />
        </colgroup>
        <thead>
          <tr>
            <th className="num">Priority</th>
            <th>Rule</th>
            <th>Match</th>
            <th className="num">Reservoir</th>
            <th className="num">Then</th>
            <th className="num">Seen</th>
            <th>Kept, last minute</th>
            <th className="num">Borrowed</th>
            <th className="num">Clients</th>
            <th>
              <span className="vh">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rules.map((one) => {
            const { rule } = one;
            const { seen, kept, borrowed } = tally(one.windows, nowMs - 60_000);
            const match = matchOf(rule);
            return (
              <tr key={rule.name} className={rule.name === chosen ? 'on' : ''}>
                <td className="num">{rule.priority}</td>
                <td className="cut">
                  <button
                    type="button"
                    className={`cut ${styles.name} ${rule.name === chosen ? 'strong' : ''}`}
                    aria-pressed={rule.name === chosen}
                    onClick={() => choose(rule.name)}
                  >
                    {rule.name}
                  </button>
                </td>
                <td>
                  {match.length === 0 ? (
                    <span className="muted">{one.is_default ? 'everything else' : 'everything'}</span>
                  ) : null}
                  <span
                    className={styles.match}
                    title={match.map(({ word, value }) => `${word} = ${value}`).join(', ')}
                  >
                    {match.map(({ word, value }) => (
                      <span key={word} className={`chip ${styles.chip}`}>
                        {word}
                        <i>=</i>
                        <em>{value}</em>
                      </span>
                    ))}
                  </span>
                </td>
                <td className="num">{rule.reservoir_size}/s</td>
                <td className="num">{percentText(rule.fixed_rate)} %</td>
                <td className="num">{count(seen)}</td>
                <td>
                  <span className="row">
                    <span className={styles.track}>
                      <i style={{ width: `${seen > 0 ? Math.min(100, (100 * kept) / seen) : 0}%` }} />
                    </span>
                    {count(kept)} <span className="muted">{share(kept, seen)}</span>
                  </span>
                </td>
                <td className={`num ${borrowed > 0 ? '' : 'muted'}`}>{count(borrowed)}</td>
                <td className="num">{one.clients.length}</td>
                <td>
                  <span className={`row ${styles.tools}`}>
                    <button
                      type="button"
                      className="btn sm ghost icon"
                      aria-label={`Change ${rule.name}`}
                      title="Change"
                      onClick={() => edit(one)}
                    >
                      <Icon of={Pencil} small />
                    </button>
                    {one.is_default ? null : (
                      <button
                        type="button"
                        className="btn sm ghost icon"
                        aria-label={`Delete ${rule.name}`}
                        title="Delete"
                        onClick={() => remove(rule.name)}
                      >
                        <Icon of={Trash2} small />
                      </button>
                    )}
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
