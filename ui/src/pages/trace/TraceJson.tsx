import { Download } from 'lucide-react';
import { useMemo } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { at, eventIdAt, parentIdAt, spanIdAt, timeAt, word } from './columns.ts';
import { sourceOf, whyOf } from './merge.ts';
import styles from './trace.module.css';
import type { TraceView } from './useTraceView.ts';

/** Rows shown; the file has all. A page with 10,000 rows as text is slow and nobody reads it. */
const SHOWN_ROWS = 500;

/** The request as JSON: one object a row, in drawing order, without the rows' other fields. */
export function TraceJson({ view }: { view: TraceView }) {
  const { data, layout } = view;
  const shown = useMemo(() => jsonText(view, SHOWN_ROWS), [view]);
  const name = `request-${data.traceId || eventIdAt(data, 0)}.json`;
  return (
    <div className={styles.json}>
      <div className="bar thin">
        <span className="cut">
          {layout.joined > SHOWN_ROWS
            ? `the first ${SHOWN_ROWS} of ${count(layout.joined)} rows; the file has all`
            : `${count(layout.joined)} rows`}
        </span>
        <span className="grow" />
        <CopyButton text={shown} label="Copy" />
        <button
          type="button"
          className="btn sm ghost"
          aria-label={`Download ${name}`}
          title={`Download ${name}`}
          onClick={() => save(name, jsonText(view, layout.joined))}
        >
          <Icon of={Download} />
          <span className="hide-s">{name}</span>
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={styles.jsonText} tabIndex={0}>
        {shown}
      </pre>
    </div>
  );
}

function jsonText(view: TraceView, most: number): string {
  const { data, layout } = view;
  const rows: object[] = [];
  for (let p = 0; p < layout.joined && rows.length < most; p += 1) {
    const row = at(layout.row, p);
    if (row >= 0) rows.push(rowObject(view, row));
  }
  return JSON.stringify({ trace_id: data.traceId || null, rows }, null, 2);
}

function rowObject({ data, story }: TraceView, row: number): object {
  const why = whyOf(data, story, row);
  const lasted = at(data.duration, row);
  return {
    source: sourceOf(at(data.kind, row)),
    event_id: eventIdAt(data, row),
    trace_id: word(data, at(data.trace, row)) || null,
    span_id: spanIdAt(data, row) || null,
    parent_id: parentIdAt(data, row) || null,
    name: word(data, at(data.name, row)) || null,
    service: word(data, at(data.service, row)) || null,
    kind: word(data, at(data.spanKind, row)) || null,
    status: ['unset', 'ok', 'error'][at(data.status, row)],
    dataset: word(data, at(data.dataset, row)) || null,
    severity: word(data, at(data.severity, row)) || null,
    body: word(data, at(data.body, row)) || null,
    start_ns: String(timeAt(data, row)),
    duration_ns: lasted < 0 ? null : String(Math.round(lasted)),
    ...(why?.joined ? { tier: why.join.tier, score: why.join.score, reason: why.join.reason } : {}),
  };
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
