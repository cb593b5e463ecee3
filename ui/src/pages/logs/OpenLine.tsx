import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { aroundQuery, eventOf, lineQuery } from '@/api/logs.ts';
import type { LogLine } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Failure } from '@/design/Failure.tsx';
import { dateTime, nanos, toMs } from '@/lib/time.ts';
import type { CellValue } from '@/query/change.ts';
import { Value } from '@/query/Value.tsx';
import { LineRow } from './LineRow.tsx';
import styles from './logs.module.css';

const AROUND = 20;

interface Props {
  env: string;
  group: string;
  /** The group's rows as Explore knows them. */
  dataset: string | undefined;
  line: LogLine;
  mark: string;
}

/** An open line: its fields, the text as sent, its neighbours; ways to its trace and request. */
export function OpenLine({ env, group, dataset, line, mark }: Props) {
  const [tab, setTab] = useState<'fields' | 'raw' | 'around'>('fields');
  const fields = useQuery(lineQuery(env, group, line.id));
  const around = useQuery({ ...aroundQuery(env, group, line, AROUND), enabled: tab === 'around' });
  const own: [string, string][] = [
    ['@timestamp', `${dateTime(toMs(nanos(line.ts_ns)))} UTC`],
    ['@ingestionTime', `${dateTime(toMs(nanos(line.ingested_ns)))} UTC`],
    ['@logStream', line.stream],
  ];
  const others = Object.entries(fields.data?.fields ?? {}).filter(([name]) => name !== 'body');
  const tabs = [
    ['fields', 'Fields'],
    ['raw', 'Raw'],
    ['around', `Context ±${AROUND}`],
  ] as const;
  return (
    <div className={styles.body}>
      <div className={styles.tools}>
        <span className="seg sm" role="group" aria-label="What is shown of the line">
          {tabs.map(([value, label]) => (
            <button key={value} type="button" aria-pressed={tab === value} onClick={() => setTab(value)}>
              {label}
            </button>
          ))}
        </span>
        <span className="grow" />
        <Link {...paths.request(env)} search={{ event: eventOf(line.id), at: line.ts_ns }} className="btn sm">
          Same request
        </Link>
        {line.trace_id ? (
          <Link {...paths.trace(env, line.trace_id)} className="btn sm">
            Trace {line.trace_id.slice(0, 6)}…
          </Link>
        ) : null}
        <CopyButton text={line.message} label="Copy" />
      </div>
      {tab === 'raw' ? <pre className={styles.raw}>{line.message}</pre> : null}
      {tab === 'fields' ? (
        fields.isError ? (
          <Failure error={fields.error} />
        ) : (
          <dl>
            {own.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
            {others.map(([name, value]) => (
              <div key={name}>
                <dt title={name}>{name}</dt>
                <dd>
                  <Value field={name} value={value as CellValue} dataset={dataset} v="COUNT" />
                </dd>
              </div>
            ))}
          </dl>
        )
      ) : null}
      {tab === 'around' ? (
        around.data ? (
          <div role="grid" aria-label="Lines around it in the same stream">
            {[...around.data.before, line, ...around.data.after].map((one) => (
              <LineRow
                key={one.id}
                env={env}
                tsNs={one.ts_ns}
                severity={one.severity}
                message={one.message}
                mark={one.id === line.id ? one.message.slice(0, 200) : mark}
                wrap={false}
              />
            ))}
          </div>
        ) : around.isError ? (
          <Failure error={around.error} />
        ) : (
          <div className="skeleton" aria-busy="true" />
        )
      ) : null}
    </div>
  );
}
