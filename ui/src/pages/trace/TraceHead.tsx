import { CircleX } from 'lucide-react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { plural } from '@/lib/format.ts';
import { clockMs, dateTime, day, nanos, toMs } from '@/lib/time.ts';
import { at } from './columns.ts';
import { length, splitRoute, title } from './describe.ts';
import { Flag } from './layout.ts';
import styles from './trace.module.css';
import type { Others } from './useRequest.ts';
import type { TraceView } from './useTraceView.ts';

export const TABS = ['waterfall', 'logs', 'table', 'json'] as const;
export type Tab = (typeof TABS)[number];
const TAB_NAMES: Record<Tab, string> = { waterfall: 'Waterfall', logs: 'Logs', table: 'Table', json: 'JSON' };

/** A name up to here is never cut for the figures beside it. */
const SHORT_CHARACTERS = 18;

type Five = [number, number, number, number, number];

interface Props {
  view: TraceView;
  others: Others;
  tab: Tab;
  setTab: (tab: Tab) => void;
}

/** What this request was, in one line. */
export function TraceHead({ view, others, tab, setTab }: Props) {
  const { data, layout, services } = view;
  const row = at(layout.row, 0);
  const status = (row < 0 ? 0 : at(data.httpStatus, row)) || undefined;
  const failed = (at(layout.flags, 0) & Flag.error) !== 0;
  const { method, rest } = splitRoute(title(data, layout, 0));
  const short = `${data.traceId.slice(0, 6)}…${data.traceId.slice(-4)}`;
  const startMs = toMs(nanos(data.baseNs + BigInt(Math.round(layout.from))));
  const [spans, lines, errors, missing, segments] = layout.kinds as Five;
  return (
    <div className={styles.head}>
      {method ? <span className="tag fill">{method}</span> : null}
      <h2
        className={`${styles.name} cut${rest.length > SHORT_CHARACTERS ? ` ${styles.longName}` : ''}`}
        title={title(data, layout, 0)}
      >
        {rest}
      </h2>
      {status !== undefined || failed ? (
        <span
          className={`pill strong ${failed || (status ?? 0) >= 500 ? 'danger' : (status ?? 0) >= 400 ? 'warn' : 'ok'}`}
        >
          {failed || (status ?? 0) >= 500 ? <Icon of={CircleX} small /> : null}
          {status ?? 'error'}
        </span>
      ) : null}
      <div className={styles.facts}>
        {layout.lasted > 0 ? <b>{length(layout.lasted)}</b> : null}
        <span className={styles.optional} title={dateTime(startMs)}>
          {day(startMs)} {clockMs(startMs)} UTC
        </span>
        <Fact n={services.size} word="service" optional />
        <Fact n={spans} word="span" />
        <Fact n={segments} word="segment" />
        <Fact n={lines} word="line" />
        {missing > 0 ? (
          <span className={`t-warn ${styles.optional}`}>
            <b>{missing}</b> missing
          </span>
        ) : null}
        {layout.failed > 0 ? (
          <span className={`t-danger ${styles.optional}`}>
            <b>{layout.failed}</b> failed
          </span>
        ) : null}
        {errors > 0 ? (
          <span className="t-danger">
            <b>{errors}</b> {errors === 1 ? 'error' : 'errors'}
          </span>
        ) : null}
        {others.state === 'asking' ? (
          <span className="hide-m" role="status">
            asking the other sources…
          </span>
        ) : null}
      </div>
      <span className="grow" />
      {data.traceId === '' ? null : (
        <span className={`row hide-m ${styles.id}`}>
          <span className="mono" title={data.traceId}>
            {short}
          </span>
          <CopyButton text={data.traceId} name="Copy trace id" />
        </span>
      )}
      <fieldset className={`seg sm ${styles.tabs}`}>
        <legend className="vh">View</legend>
        {TABS.map((one) => (
          <button key={one} type="button" aria-pressed={tab === one} onClick={() => setTab(one)}>
            {TAB_NAMES[one]}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function Fact({ n, word, optional = false }: { n: number; word: string; optional?: boolean }) {
  if (n === 0) return null;
  const [figure, ...words] = plural(n, word).split(' ');
  return (
    <span className={optional ? styles.optional : undefined}>
      <b>{figure}</b> {words.join(' ')}
    </span>
  );
}
