import type { SamplingRule } from '@/api/types.ts';
import { count } from '@/lib/format.ts';
import { clockMinutes } from '@/lib/time.ts';
import { bars, percentText, WINDOW_MS } from './model.ts';
import styles from './sampling.module.css';

const SHOWN = 60;
const HEIGHT = 100;

/** What a rule saw and kept in the last ten minutes, a bar for each report of ten seconds. */
export function Windows({ one, nowMs }: { one: SamplingRule; nowMs: number }) {
  const { rule } = one;
  const list = bars(one.windows, nowMs, SHOWN);
  const most = Math.max(1, ...list.map((bar) => Math.max(bar.seen, bar.kept)));
  const seen = list.reduce((sum, bar) => sum + bar.seen, 0);
  const kept = list.reduce((sum, bar) => sum + bar.kept, 0);
  const reservoir = (rule.reservoir_size * WINDOW_MS) / 1000;
  const high = (n: number) => (HEIGHT * n) / most;
  const ticks = [0, 1, 2, 3, 4, 5].map((i) => list[Math.round((i * (SHOWN - 1)) / 5)]?.ms ?? 0);
  return (
    <section className={styles.hist} aria-label={`${rule.name}, last 10 min`}>
      <div className={styles.legend}>
        <h2 className="strong">{rule.name}, last 10 min</h2>
        <span className="row right">
          <span className="sw" style={{ background: 'var(--h6)' }} />
          up to the reservoir, {rule.reservoir_size}/s
        </span>
        <span className="row">
          <span className="sw" style={{ background: 'var(--h3)' }} />
          {percentText(rule.fixed_rate)} % of the rest
        </span>
        <span className="row">
          <span className={`sw ${styles.hollow}`} />
          seen, not kept
        </span>
      </div>
      {seen === 0 ? (
        <p className={`muted ${styles.quiet}`}>
          No client reported a request of this rule in the last ten minutes. Clients fetch rules every 300 s,
          and report every 10 s.
        </p>
      ) : (
        <>
          <svg
            className={styles.chart}
            viewBox={`0 0 ${SHOWN * 10} ${HEIGHT}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${count(kept)} of ${count(seen)} requests kept in ten minutes, at most ${count(most)} seen in ten seconds.`}
          >
            {list.map((bar, i) => {
              const first = Math.min(bar.kept, reservoir);
              const x = i * 10 + 1;
              return (
                <g key={bar.ms}>
                  <rect
                    className={styles.seen}
                    x={x}
                    y={HEIGHT - high(bar.seen)}
                    width={8}
                    height={high(bar.seen)}
                  />
                  <rect
                    x={x}
                    y={HEIGHT - high(bar.kept)}
                    width={8}
                    height={high(bar.kept - first)}
                    fill="var(--h3)"
                  />
                  <rect x={x} y={HEIGHT - high(first)} width={8} height={high(first)} fill="var(--h6)" />
                </g>
              );
            })}
          </svg>
          <div className={styles.axis} aria-hidden="true">
            {ticks.map((ms, i) => (
              <span key={ms}>
                {clockMinutes(ms)}
                {i === 0 ? ' UTC' : ''}
              </span>
            ))}
          </div>
        </>
      )}
    </section>
  );
}
