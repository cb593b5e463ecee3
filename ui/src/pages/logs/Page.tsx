import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Radio } from 'lucide-react';
import { useMemo, useState } from 'react';
import { groupsQuery, type LinesAsk } from '@/api/logs.ts';
import { useEnvironment } from '@/app/environment.ts';
import { LinesOrInsights } from '@/app/LinesOrInsights.tsx';
import { paths } from '@/app/paths.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { parseRange, renderRange, resolveRange } from '@/query/range.ts';
import { TimePicker } from '@/query/TimePicker.tsx';
import { FilterInput } from './FilterInput.tsx';
import { Groups } from './Groups.tsx';
import { Histogram } from './Histogram.tsx';
import { Lines } from './Lines.tsx';
import styles from './logs.module.css';
import type { LogsSearch } from './search.ts';
import { TailView } from './TailView.tsx';

const DEFAULT_T = '-1h';

export type Change = (patch: { [K in keyof LogsSearch]?: string | undefined }, push?: boolean) => void;

/** Groups, streams and lines; what passes a filter; what comes now. */
export function LogsPage() {
  const { slug: env } = useEnvironment();
  const search: LogsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const groups = useQuery(groupsQuery(env));
  const [picking, setPicking] = useState(false);
  // The end of "the last hour" moves when the question is asked anew, not with every render.
  const [askedMs, setAskedMs] = useState(Date.now);
  const change: Change = (patch, push = true) => {
    setAskedMs(Date.now());
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: !push });
  };
  const group = groups.data?.find((one) => one.name === search.group) ?? groups.data?.[0];
  const range = parseRange(search.t ?? DEFAULT_T) ?? { kind: 'last' as const, seconds: 3600 };
  const ask: LinesAsk | undefined = useMemo(() => {
    if (!group) return undefined;
    const { startNs, endNs } = resolveRange(
      parseRange(search.t ?? DEFAULT_T) ?? { kind: 'last', seconds: 3600 },
      askedMs,
    );
    return {
      env,
      group: group.name,
      stream: search.stream,
      filter: search.filter?.trim() || undefined,
      startNs: String(startNs),
      endNs: String(endNs),
    };
  }, [env, group, search.stream, search.filter, search.t, askedMs]);

  if (groups.isError)
    return (
      <Failure error={groups.error} retry={() => void groups.refetch()} title="The log groups did not come" />
    );
  if (groups.data?.length === 0) {
    return (
      <Empty title="There is no log group yet">
        <p>
          A client of CloudWatch Logs makes its group with its first line: watchtower, the AWS CLI, any AWS
          SDK.
        </p>
        <Link {...paths.send(env)} search={{ what: 'logs' }} className="btn primary">
          Send log lines
        </Link>
      </Empty>
    );
  }
  const tailing = search.tail === '1';
  return (
    <div className={styles.frame}>
      {group ? <InTopBar slot="crumb">/ {group.name}</InTopBar> : null}
      <InTopBar slot="actions">
        {tailing ? null : (
          <TimePicker
            range={range}
            change={(next) => change({ t: renderRange(next), line: undefined })}
            open={picking}
            setOpen={setPicking}
          />
        )}
        <button
          type="button"
          className={`btn${tailing ? ' on' : ''}`}
          aria-pressed={tailing}
          onClick={() => change({ tail: tailing ? undefined : '1', line: undefined })}
        >
          <Icon of={Radio} />
          Live
        </button>
      </InTopBar>
      <Groups env={env} groups={groups.data ?? []} group={group?.name} stream={search.stream} />
      <section className={styles.main} aria-label={group ? `Lines of ${group.name}` : 'Lines'}>
        <div className={`bar ${styles.bar}`}>
          <FilterInput
            key={search.filter ?? ''}
            value={search.filter ?? ''}
            take={(filter) => change({ filter: filter || undefined, line: undefined })}
          />
          <LinesOrInsights env={env} group={group?.name} t={search.t} />
          <label className="opt">
            <input
              type="checkbox"
              checked={search.wrap === '1'}
              onChange={(event) => change({ wrap: event.target.checked ? '1' : undefined }, false)}
            />
            Wrap
          </label>
        </div>
        {ask === undefined ? (
          <div className="skeleton" aria-busy="true" />
        ) : tailing ? (
          <TailView
            key={`${env} ${ask.group} ${ask.stream ?? ''} ${ask.filter ?? ''}`}
            ask={ask}
            wrap={search.wrap === '1'}
            mark={search.mark ?? ''}
            change={change}
          />
        ) : (
          <>
            <Histogram ask={ask} zoom={(t) => change({ t, line: undefined })} />
            <Lines
              ask={ask}
              open={search.line}
              wrap={search.wrap === '1'}
              mark={search.mark ?? ''}
              dataset={group?.dataset}
              change={change}
            />
          </>
        )}
      </section>
    </div>
  );
}
