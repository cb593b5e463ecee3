import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { renderRange } from '@/query/range.ts';
import { at, eventIdAt, Kind, spanIdAt, timeAt, word } from './columns.ts';
import { firstText } from './fields.ts';
import styles from './panel.module.css';
import type { TraceView } from './useTraceView.ts';

const MINUTE_NS = 60_000_000_000n;

interface Props {
  env: string;
  view: TraceView;
  position: number;
  fields: Record<string, unknown> | undefined;
}

/** The way from a row to the page of its own source. */
export function OwnPage({ env, view, position, fields }: Props) {
  const { data, layout } = view;
  const row = at(layout.row, position);
  if (row < 0) return null;
  const kind = at(layout.kind, position);
  const time = timeAt(data, row);
  const event = eventIdAt(data, row);
  const group = firstText(fields, 'aws.log.group.name');
  const uuid = firstText(fields, 'rollbar.uuid');
  const trace = word(data, at(data.trace, row));
  if (kind === Kind.log && group) {
    const t = renderRange({ kind: 'between', startNs: time - MINUTE_NS, endNs: time + MINUTE_NS });
    return (
      <p className={styles.own}>
        <Link {...paths.logs(env)} search={{ group, line: `${time}.${event}`, t }} className="link">
          Open in Logs, {group.slice(0, 60)}
        </Link>
      </p>
    );
  }
  if (kind === Kind.error && uuid) {
    // The server knows of which item it is now: items are merged.
    return (
      <p className={styles.own}>
        <a href={`/occurrence/uuid/?uuid=${encodeURIComponent(uuid)}`} className="link">
          Open its item in Errors
        </a>
      </p>
    );
  }
  if (trace === '' || trace === data.traceId) return null;
  const span = spanIdAt(data, row);
  return (
    <p className={styles.own}>
      <Link {...paths.trace(env, trace)} search={{ span: span || `e-${event}` }} className="link">
        Open its trace {trace.slice(0, 6)}…{trace.slice(-4)}
      </Link>
    </p>
  );
}
