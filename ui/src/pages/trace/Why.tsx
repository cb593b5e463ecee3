import { at } from './columns.ts';
import { Flag } from './layout.ts';
import { percentSure, sureness, whyOf } from './merge.ts';
import styles from './panel.module.css';
import type { TraceView } from './useTraceView.ts';

/** Why the selected row is of this request, or may be, and how it came to its place. */
export function Why({ view, position }: { view: TraceView; position: number }) {
  const { data, layout, story } = view;
  const why = whyOf(data, story, at(layout.row, position));
  if (!why || (why.joined && why.join.tier === 'asked')) return null;
  const placed = (at(layout.flags, position) & Flag.placed) !== 0 && at(layout.parent, position) >= 0;
  return (
    <p className={styles.why}>
      <b className="strong">
        {why.joined ? sureness(why.join) : `not joined, ${percentSure(why.near.score)}`}
      </b>
      : {why.joined ? why.join.reason : why.near.reason}
      {placed ? '. It names no span: it stands where its time is.' : ''}
    </p>
  );
}
