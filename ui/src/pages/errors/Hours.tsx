import { dateTime } from '@/lib/time.ts';
import styles from './item.module.css';
import type { HourBars } from './model.ts';

/** How often it happened, bar by bar. */
export function Hours({ bars }: { bars: HourBars }) {
  const most = Math.max(1, ...bars.counts);
  const sum = bars.counts.reduce((all, one) => all + one, 0);
  const first = dateTime(bars.startMs).slice(0, 16);
  return (
    <>
      <div
        className={styles.hours}
        role="img"
        aria-label={`${sum} occurrences since ${first} UTC, at most ${most} ${bars.per}`}
      >
        {bars.counts.map((n, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
          <i key={i} style={{ height: n > 0 ? `${Math.max(2, (100 * n) / most)}%` : 0 }} />
        ))}
      </div>
      <div className={styles.ax}>
        <span>{first} UTC</span>
        <span>most {most}</span>
        <span>now</span>
      </div>
    </>
  );
}
