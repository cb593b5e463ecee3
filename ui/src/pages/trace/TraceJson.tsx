import { Download } from 'lucide-react';
import { useMemo } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { at, eventIdAt, parentIdAt, spanIdAt, type TraceData, word } from './columns.ts';
import styles from './trace.module.css';
import type { TraceView } from './useTraceView.ts';

/** Rows shown; the file has all. A page with 10,000 rows as text is slow and nobody reads it. */
const SHOWN_ROWS = 500;

/** The trace as JSON: one object a row, in drawing order, without the rows' other fields. */
export function TraceJson({ view }: { view: TraceView }) {
  const { data, layout } = view;
  const shown = useMemo(() => jsonText(view, SHOWN_ROWS), [view]);
  const name = `trace-${data.traceId}.json`;
  return (
    <div className={styles.json}>
      <div className="bar thin">
        <span className="cut">
          {layout.count > SHOWN_ROWS
            ? `the first ${SHOWN_ROWS} of ${count(layout.count)} rows; the file has all`
            : `${count(layout.count)} rows`}
        </span>
        <span className="grow" />
        <CopyButton text={shown} label="Copy" />
        <button
          type="button"
          className="btn sm ghost"
          onClick={() => save(name, jsonText(view, layout.count))}
        >
          <Icon of={Download} />
          {name}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={styles.jsonText} tabIndex={0}>
        {shown}
      </pre>
    </div>
  );
}

function jsonText({ data, layout }: TraceView, most: number): string {
  const rows: object[] = [];
  for (let p = 0; p < layout.count && rows.length < most; p += 1) {
    const row = at(layout.row, p);
    if (row >= 0) rows.push(rowObject(data, row));
  }
  return JSON.stringify({ trace_id: data.traceId, rows }, null, 2);
}

function rowObject(data: TraceData, row: number): object {
  const lasted = at(data.duration, row);
  return {
    event_id: eventIdAt(data, row),
    span_id: spanIdAt(data, row) || null,
    parent_id: parentIdAt(data, row) || null,
    name: word(data, at(data.name, row)) || null,
    service: word(data, at(data.service, row)) || null,
    kind: word(data, at(data.spanKind, row)) || null,
    status: ['unset', 'ok', 'error'][at(data.status, row)],
    dataset: word(data, at(data.dataset, row)) || null,
    start_ns: String(data.baseNs + BigInt(Math.round(at(data.start, row)))),
    duration_ns: lasted < 0 ? null : String(Math.round(lasted)),
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
