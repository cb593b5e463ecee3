import { Link } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { Issue, Occurrence, Occurrences } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, duration } from '@/lib/format.ts';
import { dateTime, nanos, toMs } from '@/lib/time.ts';
import styles from './item.module.css';

interface Props {
  env: string;
  issue: Issue;
  /** The newest first. */
  list: Occurrences['occurrences'];
  occurrence: Occurrence | undefined;
  older: () => boolean;
  newer: () => boolean;
  /** Back to the latest, when another is shown. */
  latest: (() => void) | undefined;
}

/** Which occurrence is shown, and the way to its neighbours and to all of its request. */
export function OccurrenceBar({ env, issue, list, occurrence, older, newer, latest }: Props) {
  const at = list.findIndex((one) => one.id === occurrence?.id);
  const before = at < 0 ? undefined : list[at + 1];
  const gapMs = before && occurrence ? toMs(nanos(occurrence.ts_ns)) - toMs(nanos(before.ts_ns)) : undefined;
  // Counted from the newest: the oldest ones may be past their time, and are not listed.
  const place = at < 0 ? undefined : Math.max(1, issue.ever - at);
  return (
    <div className={`bar sub ${styles.occurrence}`}>
      <button
        type="button"
        className="btn sm icon"
        aria-label="Previous occurrence"
        title="older, ["
        disabled={!occurrence || (occurrence.previous ?? null) === null}
        onClick={older}
      >
        <Icon of={ChevronLeft} />
      </button>
      <b className="strong" aria-live="polite">
        Occurrence {place === undefined ? '' : count(place)} of {count(issue.ever)}
      </b>
      <button
        type="button"
        className="btn sm icon"
        aria-label="Next occurrence"
        title="newer, ]"
        disabled={!occurrence || (occurrence.next ?? null) === null}
        onClick={newer}
      >
        <Icon of={ChevronRight} />
      </button>
      {latest ? (
        <button type="button" className="btn sm ghost" onClick={latest}>
          Latest
        </button>
      ) : null}
      {occurrence ? (
        <span className="muted cut">
          {dateTime(toMs(nanos(occurrence.ts_ns)))} UTC
          {gapMs === undefined ? '' : ` · ${duration(gapMs)} after the one before`}
        </span>
      ) : null}
      <span className="grow" />
      {occurrence ? (
        <Link
          {...paths.request(env)}
          search={{ event: occurrence.event_id, at: occurrence.ts_ns }}
          className="btn sm"
        >
          Same request
        </Link>
      ) : null}
    </div>
  );
}
