import { ChevronRight } from 'lucide-react';
import type { ExceptionTrace, NamedText, StackFrame } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import styles from './item.module.css';
import { codeOf, placesOf, shortFile, shownFrames } from './model.ts';
import { Named } from './Named.tsx';

/** One exception of the chain: its frames, the application's open, library ones folded. */
export function Traceback({
  trace,
  order,
  library,
  nested,
}: {
  trace: ExceptionTrace;
  order: string;
  library: boolean;
  /** Whether it stands behind another of the chain. */
  nested: boolean;
}) {
  const shown = shownFrames(trace.frames, order, library);
  return (
    <section aria-label={trace.class || 'Stack'}>
      <div className={styles.exception}>
        {nested ? <span className="muted">caused by </span> : null}
        <b className="strong">{trace.class}</b>
        {trace.message ? <span>: {trace.message}</span> : null}
        {trace.description ? <p className="muted">{trace.description}</p> : null}
      </div>
      {shown.length === 0 ? <p className={styles.quiet}>Its sender told no frames.</p> : null}
      {shown.map((one, i) =>
        one.kind === 'frame' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: frames of one stack never move
          <Frame key={i} frame={one.frame} raised={one.raised} />
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: frames of one stack never move
          <details key={i} className={styles.folded}>
            <summary>
              <Icon of={ChevronRight} small className={styles.fold ?? ''} />
              <span className={styles.nowrap}>
                {one.frames.length} library {one.frames.length === 1 ? 'frame' : 'frames'}
              </span>
              <span className="mono cut">{placesOf(one.frames)}</span>
            </summary>
            {one.frames.map((frame, n) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: frames of one stack never move
              <Frame key={n} frame={frame} raised={false} />
            ))}
          </details>
        ),
      )}
    </section>
  );
}

function Frame({ frame, raised }: { frame: StackFrame; raised: boolean }) {
  const code = codeOf(frame);
  const bare = code.length === 0 && frame.locals.length === 0 && frame.args.length === 0;
  const head = (
    <>
      <span className={`mono ${styles.place}`} title={frame.file}>
        <b>{shortFile(frame.file)}</b>
        {typeof frame.line === 'number' ? `:${frame.line}` : ''}
        {frame.function ? (
          <>
            {' in '}
            <b>{frame.class ? `${frame.class}.${frame.function}` : frame.function}</b>
          </>
        ) : null}
      </span>
      {raised ? <span className="tag err">raised here</span> : null}
      <span className={frame.in_app ? 'tag' : 'muted'}>{frame.in_app ? 'in app' : 'library'}</span>
    </>
  );
  if (bare) return <div className={`${styles.bare} ${frame.in_app ? styles.own : styles.lib}`}>{head}</div>;
  return (
    <details
      className={`${styles.frame} ${frame.in_app ? styles.own : styles.lib}`}
      open={frame.in_app || raised}
    >
      <summary>
        <Icon of={ChevronRight} small className={styles.fold ?? ''} />
        {head}
      </summary>
      {code.length > 0 ? (
        <div className={styles.code}>
          {code.map((line, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines of one file never move
            <div key={i} className={line.hit ? styles.hit : undefined}>
              <span className={styles.ln}>{line.number ?? ''}</span>
              <span>{line.text || ' '}</span>
            </div>
          ))}
        </div>
      ) : null}
      <Variables name="Arguments" list={frame.args} />
      <Variables name="Locals" list={frame.locals} />
    </details>
  );
}

function Variables({ name, list }: { name: string; list: readonly NamedText[] }) {
  if (list.length === 0) return null;
  return (
    <div className={styles.locals}>
      <span className="label">{name}</span>
      <Named list={list} />
    </div>
  );
}
