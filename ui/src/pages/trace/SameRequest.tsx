import { useMemo } from 'react';
import { Failure } from '@/design/Failure.tsx';
import { plural } from '@/lib/format.ts';
import { at, type TraceData } from './columns.ts';
import { tag, title } from './describe.ts';
import type { TraceLayout } from './layout.ts';
import { type Story, sourceOf } from './merge.ts';
import styles from './panel.module.css';
import type { Others } from './useRequest.ts';
import type { TraceView } from './useTraceView.ts';

const MORE: Readonly<Record<string, [one: string, many: string]>> = {
  spans: ['more span', 'more spans'],
  segments: ['subsegment', 'subsegments'],
  lines: ['more line', 'more lines'],
  occurrences: ['more error', 'more errors'],
};

interface Group {
  join: number;
  first: number;
  rows: number;
}

/** What the other sources have of the request, and why it is of it. */
export function SameRequest({
  view,
  others,
  select,
}: {
  view: TraceView;
  others: Others;
  select: (position: number) => void;
}) {
  const { data, layout, story } = view;
  const groups = useMemo(() => groupsOf(data, layout, story), [data, layout, story]);
  return (
    <section className={styles.same} aria-label="Same request">
      <div className="head">
        <h2>Same request</h2>
        <span className={`muted right ${styles.small}`}>{groups.length > 0 ? 'why joined' : ''}</span>
      </div>
      {others.state === 'failed' && others.error ? (
        <Failure error={others.error} retry={others.again} title="The other sources did not answer" />
      ) : null}
      <ul>
        {groups.map(({ join, first, rows }) => {
          const why = story?.joins[join];
          const source = sourceOf(at(layout.kind, first));
          const name = title(data, layout, first);
          return why ? (
            <li key={join}>
              <button type="button" onClick={() => select(first)} title={why.reason}>
                <span className={`tag ${styles.tag}${source === 'occurrences' ? ' err' : ''}`}>
                  {tag(layout, first)}
                </span>
                <span className={styles.two}>
                  <span className="cut link">
                    {name}
                    {rows > 1 ? `, ${plural(rows - 1, ...(MORE[source] ?? ['more', 'more']))}` : ''}
                  </span>
                  <span className="cut muted">{why.reason}</span>
                </span>
                <span className="muted">
                  {(why.tier === 'assignment' ? Math.min(0.99, why.score) : why.score).toFixed(2)}
                </span>
              </button>
            </li>
          ) : null;
        })}
        {others.state === 'told' && groups.length === 0 ? (
          <li className="muted">No other source has rows of this request.</li>
        ) : null}
        {others.state === 'asking' && !story ? <li className="muted">Asking the other sources…</li> : null}
        {story?.notices.map((notice) => (
          <li key={notice} className="t-warn">
            {notice}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Rows by the join that brought them, but for those that were asked for. */
function groupsOf(data: TraceData, layout: TraceLayout, story: Story | undefined): Group[] {
  const found = new Map<number, Group>();
  for (let p = 0; p < layout.joined; p += 1) {
    const row = at(layout.row, p);
    const join = row < 0 ? -1 : at(data.join, row);
    if (story?.joins[join] === undefined || story.joins[join].tier === 'asked') continue;
    const group = found.get(join);
    if (group) group.rows += 1;
    else found.set(join, { join, first: p, rows: 1 });
  }
  return [...found.values()];
}
