import type { Issue } from '@/api/types.ts';
import { count, plural } from '@/lib/format.ts';
import { clockMinutes } from '@/lib/time.ts';
import styles from './errors.module.css';
import { courseOf } from './model.ts';

const HOUR_MS = 3_600_000;
/** Hours between two labels below the bars. */
const LABEL_EVERY = 4;

/** Occurrences of the listed items hour by hour; those of items that are new stand out. */
export function Course({ issues, total }: { issues: readonly Issue[]; total: number }) {
  const now = Date.now();
  const { hours, fresh, sum } = courseOf(issues, now);
  const most = Math.max(1, ...hours.map((one) => one.fresh + one.known));
  const tall = (n: number) => (n === 0 ? '0' : `max(1px, ${(n / most) * 100}%)`);
  return (
    <section className={styles.course} aria-label="Occurrences of the last 24 hours">
      <div className={styles.legend}>
        <span>Occurrences per hour</span>
        {issues.length < total ? <span>of the {plural(issues.length, 'item')} below</span> : null}
        <span className="grow" />
        {fresh > 0 ? (
          <span className="row">
            <span className="sw" style={{ background: 'var(--danger)' }} />
            of items new in the last hour {count(fresh)}
          </span>
        ) : null}
        <span className="row">
          <span className="sw" style={{ background: 'var(--h5)' }} />
          {fresh > 0 ? 'of others' : 'in 24 hours'} {count(sum - fresh)}
        </span>
      </div>
      <div
        className={styles.bars}
        role="img"
        aria-label={`${plural(sum, 'occurrence')} in 24 hours, ${count(fresh)} of items new in the last hour; at most ${count(most)} an hour`}
      >
        {hours.map((one, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its hour
          <div key={i} title={`${hourAt(now, hours.length - 1 - i)} UTC: ${count(one.fresh + one.known)}`}>
            <i style={{ height: tall(one.fresh), background: 'var(--danger)' }} />
            <i style={{ height: tall(one.known), background: 'var(--h5)' }} />
          </div>
        ))}
      </div>
      <div className={styles.axis} aria-hidden="true">
        {hours.map((_, i) =>
          i % LABEL_EVERY === 0 ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a label is its hour
            <span key={i} style={{ gridColumn: i + 1 }}>
              {hourAt(now, hours.length - 1 - i)}
              {i === 0 ? ' UTC' : ''}
            </span>
          ) : null,
        )}
      </div>
    </section>
  );
}

/** The start of the hour that was so many hours ago. */
function hourAt(now: number, ago: number): string {
  return clockMinutes(Math.floor(now / HOUR_MS) * HOUR_MS - ago * HOUR_MS);
}
