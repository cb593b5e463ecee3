import { Check, CircleAlert, Info, TriangleAlert } from 'lucide-react';
import { useEffect, useState } from 'react';
import type { Answer, ScanStats } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { bytes, count, duration, share } from '@/lib/format.ts';
import styles from './StatusLine.module.css';
import type { Run } from './useRun.ts';

/** What the query read, or how far it is; Cancel while it runs. */
export function StatusLine({ run, peak }: { run: Run; peak: number | undefined }) {
  const { answer } = run;
  return (
    <div className={styles.place}>
      {run.running ? <Progress stats={run.progress} /> : null}
      <div className="bar thin" role="status">
        {run.running ? <Running run={run} /> : <Done run={run} />}
        <span className="grow" />
        {run.running ? (
          <button type="button" className="btn sm ghost" onClick={run.cancel} title="Esc Esc">
            Cancel
          </button>
        ) : null}
        {answer && peak ? <Legend peak={peak} /> : null}
      </div>
      {answer && !run.running ? <Notices answer={answer} cancelled={run.cancelled} /> : null}
    </div>
  );
}

function Progress({ stats }: { stats: ScanStats | undefined }) {
  const done = stats && stats.bytes_total > 0 ? stats.bytes_scanned / stats.bytes_total : 0;
  return (
    <div className={`progress ${styles.progress}`}>
      <i style={{ width: `${Math.max(2, Math.min(100, done * 100))}%` }} />
    </div>
  );
}

/** What was read of the disk; young events are only in memory, and are read from there. */
function scanned({ bytes_scanned, bytes_total }: ScanStats): string {
  return bytes_total === 0 ? 'read from memory' : `${bytes(bytes_scanned)} of ${bytes(bytes_total)} scanned`;
}

function Running({ run }: { run: Run }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100);
    return () => clearInterval(timer);
  }, []);
  const stats = run.progress;
  const elapsed = run.startedAt === undefined ? 0 : Math.max(0, now - run.startedAt);
  return (
    <>
      <span>{(elapsed / 1000).toFixed(1)} s</span>
      {stats ? (
        <>
          <span>{scanned(stats)}</span>
          <span className="hide-s">{count(stats.rows_examined)} events</span>
        </>
      ) : (
        <span>asking …</span>
      )}
      {run.partial ? <span className="tag warn">partial</span> : null}
    </>
  );
}

function Done({ run }: { run: Run }) {
  if (run.error) {
    return (
      <span className="row t-danger">
        <Icon of={CircleAlert} small />
        {run.answer ? 'the answer below is of the run before' : 'no answer'}
      </span>
    );
  }
  const stats = run.answer?.stats;
  if (!stats) return <span>{run.cancelled ? 'cancelled' : 'not run yet'}</span>;
  const skipped = stats.parts_total > 0 ? share(stats.parts_skipped, stats.parts_total) : undefined;
  return (
    <>
      <span className={`row ${run.cancelled ? 't-warn' : 't-ok'} ${styles.time}`}>
        <Icon of={run.cancelled ? TriangleAlert : Check} small />
        {duration(stats.elapsed_us / 1000)}
      </span>
      <span>{scanned(stats)}</span>
      <span className="hide-s">{count(stats.rows_examined)} events</span>
      {skipped && stats.parts_skipped > 0 ? (
        <span className="hide-m">{skipped} skipped by time and index</span>
      ) : null}
    </>
  );
}

function Legend({ peak }: { peak: number }) {
  return (
    <span className={`hide-s ${styles.legend}`}>
      <span>events per cell</span>
      <span>1</span>
      <span className={styles.ramp} aria-hidden="true">
        {[1, 2, 3, 4, 5, 6, 7, 8].map((i) => (
          <i key={i} style={{ background: `var(--h${i})` }} />
        ))}
      </span>
      <span>{count(peak)}</span>
    </span>
  );
}

function Notices({ answer, cancelled }: { answer: Answer; cancelled: boolean }) {
  const notices = [
    ...(cancelled
      ? ['Cancelled: this is the answer over what was read until then. Run again for all of it.']
      : []),
    ...(answer.approximate
      ? ['Very many groups: those cut on the way may belong among the ones listed.']
      : []),
    ...answer.notices,
  ];
  return notices.map((text) => (
    <div key={text} className={`bar thin ${styles.notice}`} role="note">
      <Icon of={cancelled ? TriangleAlert : Info} small />
      <span className="cut">{text}</span>
    </div>
  ));
}
