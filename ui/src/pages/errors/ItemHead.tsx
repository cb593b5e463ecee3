import { Check, RotateCcw, Volume2, VolumeX } from 'lucide-react';
import { useState } from 'react';
import type { Issue, IssueChange, Occurrence } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { Picker } from '@/design/Picker.tsx';
import { count, plural } from '@/lib/format.ts';
import { ago, dateTime, nanos, toMs } from '@/lib/time.ts';
import styles from './item.module.css';
import { LevelMark } from './LevelMark.tsx';
import { SNOOZES } from './model.ts';
import { StatusPill } from './StatusPill.tsx';
import { useChange } from './useChange.ts';

/** Title, where it stands, and what can be done about it. */
export function ItemHead({
  env,
  issue,
  occurrence,
}: {
  env: string;
  issue: Issue;
  occurrence: Occurrence | undefined;
}) {
  const change = useChange(env);
  const [why, setWhy] = useState(false);
  const set = (patch: IssueChange) => change.mutate({ issues: [issue], change: patch });
  const now = Date.now();
  const closed = issue.status !== 'active';
  return (
    <header className={styles.head}>
      <div className={styles.title}>
        <LevelMark level={issue.level} />
        <h2>{issue.title}</h2>
      </div>
      <div className={styles.actions}>
        {closed ? (
          <button
            type="button"
            className="btn"
            disabled={change.isPending}
            onClick={() => set({ status: 'active' })}
          >
            <Icon of={issue.status === 'muted' ? Volume2 : RotateCcw} />
            {issue.status === 'muted' ? 'Unmute' : 'Reopen'}
          </button>
        ) : null}
        {issue.status === 'resolved' ? null : (
          <button
            type="button"
            className="btn primary"
            disabled={change.isPending}
            onClick={() => set({ status: 'resolved' })}
          >
            <Icon of={Check} />
            Resolve
          </button>
        )}
        {issue.status !== 'resolved' && issue.last_version ? (
          <button
            type="button"
            className="btn"
            disabled={change.isPending}
            title="Only an occurrence of a later version opens it again"
            onClick={() => set({ status: 'resolved', resolved_in_version: issue.last_version ?? null })}
          >
            Resolve in <span className={`mono cut ${styles.version}`}>{issue.last_version}</span>
          </button>
        ) : null}
        {issue.status === 'active' ? (
          <button
            type="button"
            className="btn"
            disabled={change.isPending}
            onClick={() => set({ status: 'muted' })}
          >
            <Icon of={VolumeX} />
            Mute
          </button>
        ) : null}
        <Picker
          name="Snooze"
          {...(issue.snoozed_until_ns ? { none: 'tell about it again' } : {})}
          value={undefined}
          choices={SNOOZES}
          pick={(seconds) => set({ snooze_s: Number(seconds ?? 0) })}
        />
      </div>
      <div className={styles.sub}>
        <StatusPill issue={issue} />
        {issue.snoozed_until_ns ? (
          <span className="pill" title={`${dateTime(toMs(nanos(issue.snoozed_until_ns)))} UTC`}>
            Snoozed
          </span>
        ) : null}
        <span>
          <b className="strong">{count(issue.total)}</b> {plural(issue.total, 'occurrence').split(' ')[1]}
          {issue.ever > issue.total ? <> since it was opened, {count(issue.ever)} ever</> : null}
        </span>
        <span title={`${dateTime(toMs(nanos(issue.first_ns)))} UTC`}>
          first {ago(toMs(nanos(issue.first_ns)), now)}
        </span>
        <span title={`${dateTime(toMs(nanos(issue.last_ns)))} UTC`}>
          last {ago(toMs(nanos(issue.last_ns)), now)}
        </span>
        <span>{issue.environment}</span>
        {issue.context ? <span className="mono cut">{issue.context}</span> : null}
        {issue.owner ? <span>owner {issue.owner}</span> : null}
        {occurrence?.grouped_by ? (
          <button
            type="button"
            className={`link ${styles.why}`}
            aria-expanded={why}
            onClick={() => setWhy(!why)}
          >
            why one item
          </button>
        ) : null}
      </div>
      {why && occurrence ? (
        <div className={styles.grouping}>
          <p>{occurrence.grouped_by}</p>
          <ul className="mono">
            {occurrence.grouping_parts.map((part, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of one answer never move
              <li key={i}>{part}</li>
            ))}
          </ul>
        </div>
      ) : null}
      {change.error ? (
        <p className="t-danger" role="alert">
          {change.error.message}
        </p>
      ) : null}
    </header>
  );
}
