import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { Failure } from '@/design/Failure.tsx';
import { at, eventIdAt, timeAt, word } from './columns.ts';
import { FieldsTab } from './FieldsTab.tsx';
import { firstText } from './fields.ts';
import { rowQuery } from './load.ts';
import styles from './panel.module.css';
import type { TraceView } from './useTraceView.ts';

/** Spans of other traces that this span points at. */
export function LinksTab({ env, view, rows }: { env: string; view: TraceView; rows: readonly number[] }) {
  if (rows.length === 0) {
    return <p className={`muted ${styles.none}`}>This span links to no other trace.</p>;
  }
  return (
    <ul>
      {rows.map((row) => (
        <LinkItem key={row} env={env} view={view} row={row} />
      ))}
    </ul>
  );
}

function LinkItem({ env, view, row }: { env: string; view: TraceView; row: number }) {
  const { data } = view;
  const details = useQuery(rowQuery(env, eventIdAt(data, row), timeAt(data, row)));
  if (details.isError) return <Failure error={details.error} retry={() => void details.refetch()} />;
  const fields = details.data?.fields;
  const trace = firstText(fields, 'trace.link.trace_id');
  const span = firstText(fields, 'trace.link.span_id');
  return (
    <li className={styles.event}>
      {trace && /^[0-9a-f]{32}$/u.test(trace) ? (
        <Link
          {...paths.trace(env, trace)}
          search={span ? { span } : {}}
          className={`link mono ${styles.linked}`}
        >
          trace {trace}
          {span ? `, span ${span}` : ''}
        </Link>
      ) : null}
      {fields ? (
        <FieldsTab plain fields={fields} dataset={word(data, at(data.dataset, row)) || undefined} />
      ) : null}
    </li>
  );
}
