import type { SamplingRule } from '@/api/types.ts';
import { count, share } from '@/lib/format.ts';
import { clock, dateTime } from '@/lib/time.ts';
import { msOf, tally, WINDOW_MS } from './model.ts';
import styles from './sampling.module.css';
import { Windows } from './Windows.tsx';

interface Props {
  rules: readonly SamplingRule[];
  chosen: SamplingRule | undefined;
  nowMs: number;
  choose: (name: string) => void;
}

const SPANS = [
  { name: '1 min', ms: 60_000 },
  { name: '10 min', ms: 600_000 },
  { name: '1 h', ms: 3_600_000 },
] as const;

/** What clients reported of each rule, over three spans of time; of the chosen one window by window. */
export function Statistics({ rules, chosen, nowMs, choose }: Props) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={styles.wide} aria-label="Statistics" tabIndex={0}>
        <table className="fix l">
          <colgroup>
            <col />
            {SPANS.flatMap(({ name }) => [
              <col key={`seen ${name}`} style={{ width: 104 }} />,
              <col key={`kept ${name}`} style={{ width: 88 }} />,
              <col key={`borrowed ${name}`} style={{ width: 88 }} />,
            ])}
          </colgroup>
          <thead>
            <tr>
              <th>Rule</th>
              {SPANS.flatMap(({ name }) => [
                <th key={`seen ${name}`} className="num">
                  Seen, {name}
                </th>,
                <th key={`kept ${name}`} className="num">
                  Kept
                </th>,
                <th key={`borrowed ${name}`} className="num">
                  Borrowed
                </th>,
              ])}
            </tr>
          </thead>
          <tbody>
            {rules.map(({ rule, windows }) => (
              <tr key={rule.name} className={rule.name === chosen?.rule.name ? 'on' : ''}>
                <td className="cut">
                  <button
                    type="button"
                    className={`cut ${styles.name} ${rule.name === chosen?.rule.name ? 'strong' : ''}`}
                    aria-pressed={rule.name === chosen?.rule.name}
                    onClick={() => choose(rule.name)}
                  >
                    {rule.name}
                  </button>
                </td>
                {SPANS.flatMap(({ name, ms }) => {
                  const { seen, kept, borrowed } = tally(windows, nowMs - ms);
                  return [
                    <td key={`seen ${name}`} className="num">
                      {count(seen)}
                    </td>,
                    <td key={`kept ${name}`} className="num">
                      {count(kept)} <span className="muted">{share(kept, seen)}</span>
                    </td>,
                    <td key={`borrowed ${name}`} className={`num ${borrowed > 0 ? '' : 'muted'}`}>
                      {count(borrowed)}
                    </td>,
                  ];
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {chosen ? (
        <>
          <Windows one={chosen} nowMs={nowMs} />
          <Reported one={chosen} nowMs={nowMs} />
        </>
      ) : null}
    </>
  );
}

/** Each window of a rule in which a client reported, the latest first. */
function Reported({ one, nowMs }: { one: SamplingRule; nowMs: number }) {
  const since = nowMs - 3_600_000;
  const list = one.windows.filter((window) => msOf(window.start_ns) >= since).toReversed();
  if (list.length === 0) return null;
  return (
    <>
      <div className={`head ${styles.top}`}>
        <h2>Reported</h2>
        <span className="muted cut">
          of {one.rule.name} in the last hour, by windows of {WINDOW_MS / 1000} s
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
      <section className={`${styles.wide} ${styles.slim}`} aria-label="Reported" tabIndex={0}>
        <table className="fix">
          <thead>
            <tr>
              <th>From, UTC</th>
              <th className="num">Seen</th>
              <th className="num">Kept</th>
              <th className="num">Borrowed</th>
              <th className="num">Not kept</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ start_ns: start, requests, sampled, borrowed }) => (
              <tr key={start}>
                <td className="muted" title={dateTime(msOf(start))}>
                  {clock(msOf(start))}
                </td>
                <td className="num">{count(requests)}</td>
                <td className="num">
                  {count(sampled)} <span className="muted">{share(sampled, requests)}</span>
                </td>
                <td className={`num ${borrowed > 0 ? '' : 'muted'}`}>{count(borrowed)}</td>
                <td className="num">{count(Math.max(0, requests - sampled))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
