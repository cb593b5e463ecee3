import { useQuery } from '@tanstack/react-query';
import { CircleX } from 'lucide-react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { plural } from '@/lib/format.ts';
import { dateTime, nanos, toMs } from '@/lib/time.ts';
import { at, eventIdAt } from './columns.ts';
import { httpStatus, length, splitRoute, title } from './describe.ts';
import { Flag } from './layout.ts';
import { rowQuery } from './load.ts';
import styles from './trace.module.css';
import type { TraceView } from './useTraceView.ts';

export const TABS = ['waterfall', 'table', 'json'] as const;
export type Tab = (typeof TABS)[number];
const TAB_NAMES: Record<Tab, string> = { waterfall: 'Waterfall', table: 'Table', json: 'JSON' };

interface Props {
  env: string;
  view: TraceView;
  tab: Tab;
  setTab: (tab: Tab) => void;
}

/** What this request was, in one line. */
export function TraceHead({ env, view, tab, setTab }: Props) {
  const { data, layout, services } = view;
  const row = at(layout.row, 0);
  const details = useQuery(rowQuery(env, data.traceId, row < 0 ? '' : eventIdAt(data, row)));
  const status = httpStatus(details.data?.fields);
  const failed = (at(layout.flags, 0) & Flag.error) !== 0;
  const { method, rest } = splitRoute(title(data, layout, 0));
  const short = `${data.traceId.slice(0, 6)}…${data.traceId.slice(-4)}`;
  return (
    <div className={styles.head}>
      {method ? <span className="tag fill">{method}</span> : null}
      <h2 className={`${styles.name} cut`} title={title(data, layout, 0)}>
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
        <b>{length(view.whole.to - view.whole.from)}</b>
        <span className={styles.optional}>{dateTime(toMs(nanos(data.baseNs)))} UTC</span>
        <Fact n={services.size} word="service" />
        <Fact n={layout.spans} word="span" />
        {layout.missing.size > 0 ? (
          <span className="t-warn">
            <b>{layout.missing.size}</b> missing
          </span>
        ) : null}
        {layout.errors > 0 ? (
          <span className="t-danger">
            <b>{layout.errors}</b> {layout.errors === 1 ? 'error' : 'errors'}
          </span>
        ) : null}
      </div>
      <span className="grow" />
      <span className={`row hide-m ${styles.id}`}>
        <span className="mono" title={data.traceId}>
          {short}
        </span>
        <CopyButton text={data.traceId} name="Copy trace id" />
      </span>
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

function Fact({ n, word }: { n: number; word: string }) {
  const [figure, ...words] = plural(n, word).split(' ');
  return (
    <span>
      <b>{figure}</b> {words.join(' ')}
    </span>
  );
}
