import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { clockMs, dateTime, nanos, toMs } from '@/lib/time.ts';
import styles from './logs.module.css';
import { LEVELS, levelInText, levelOf, marked, SHOWN_CHARS } from './model.ts';

interface Props {
  env: string;
  tsNs: string;
  severity?: string | null | undefined;
  message: string;
  traceId?: string | null | undefined;
  mark: string;
  wrap: boolean;
  /** Undefined: a line that cannot be opened, of the tail or of a context. */
  open?: boolean;
  toggle?: () => void;
  children?: ReactNode;
}

/** One line: time, level, text, the way to its trace; opened, its fields below. */
export function LineRow({
  env,
  tsNs,
  severity,
  message,
  traceId,
  mark,
  wrap,
  open,
  toggle,
  children,
}: Props) {
  const level = severity ? levelOf(severity) : levelInText(message);
  const ms = toMs(nanos(tsNs));
  const text = open ? message : message.slice(0, SHOWN_CHARS);
  const name = level === 'none' ? '' : (LEVELS.find((one) => one.level === level)?.name ?? '');
  return (
    <>
      <div
        className={`${styles.line} ${styles[level] ?? ''} ${wrap ? styles.wrap : ''} ${open ? styles.opened : ''}`}
        aria-selected={open}
        role="row"
      >
        <span role="gridcell">
          {toggle ? (
            <button
              type="button"
              className={styles.toggle}
              aria-expanded={open}
              aria-label={`${open ? 'Close' : 'Open'} the line of ${clockMs(ms)}`}
              onClick={toggle}
            >
              <Icon of={open ? ChevronDown : ChevronRight} small />
            </button>
          ) : null}
        </span>
        <span role="gridcell" className={styles.time} title={`${dateTime(ms)} UTC`}>
          {clockMs(ms)}
        </span>
        <span role="gridcell" className={styles.level}>
          {name}
        </span>
        <span role="gridcell" className={styles.text}>
          {marked(text, mark).map((piece, i) =>
            piece.on ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text never move
              <mark key={i}>{piece.text}</mark>
            ) : (
              piece.text
            ),
          )}
          {message.length > text.length ? <span className="muted"> … more</span> : null}
        </span>
        <span role="gridcell">
          {traceId ? (
            <Link {...paths.trace(env, traceId)} className={`link ${styles.link}`}>
              trace
            </Link>
          ) : null}
        </span>
      </div>
      {children}
    </>
  );
}
