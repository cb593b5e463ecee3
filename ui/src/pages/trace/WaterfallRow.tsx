import { ChevronDown, ChevronRight, CircleX, ClockAlert } from 'lucide-react';
import { type CSSProperties, memo } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { barBox, percent } from './axis.ts';
import { at, isBar, Kind } from './columns.ts';
import { timeOn } from './critical.ts';
import { clockNote, length, service, spoken, startOf, tag, title } from './describe.ts';
import { Flag, notesAt } from './layout.ts';
import { percentSure, sureness, whyOf } from './merge.ts';
import { rowColour, type TraceView } from './useTraceView.ts';
import styles from './waterfall.module.css';

interface Props {
  view: TraceView;
  index: number;
  position: number;
  top: number;
  selected: boolean;
  tabbable: boolean;
  folded: boolean;
  step: number;
  /** Widest indentation, px. */
  indent: number;
  select: (position: number) => void;
  toggle: (position: number) => void;
}

/** One row: tree, tag, name and service at the left, its bar at the right. */
export const WaterfallRow = memo(function WaterfallRow(props: Props) {
  const { view, position, index, folded, select, toggle } = props;
  const { layout, data } = view;
  const below = at(layout.size, position) - 1;
  const failed = (at(layout.flags, position) & Flag.error) !== 0;
  const name = title(data, layout, position);
  const dim = view.matches !== undefined && at(view.matches, position) === 0;
  const clock = clockNote(layout, position);
  const times = at(layout.times, position);
  const why = whyHere(view, position);
  const onPath = view.critical ? timeOn(view.critical, position) : 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the treegrid answers keys for all its rows
    <div
      className={`${styles.r}${props.selected ? ` ${styles.on}` : ''}${dim ? ` ${styles.dim}` : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-level={at(layout.depth, position) + 1}
      aria-posinset={at(view.places.place, position)}
      aria-setsize={at(view.places.siblings, position)}
      aria-expanded={below > 0 ? !folded : undefined}
      aria-selected={props.selected}
      tabIndex={props.tabbable ? 0 : -1}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={() => select(position)}
    >
      <div className={`${styles.n}${failed ? ` ${styles.failed}` : ''}`} role="gridcell">
        <TreeLines view={view} position={position} step={props.step} indent={props.indent} />
        {below > 0 ? (
          <button
            type="button"
            className={styles.tw}
            tabIndex={-1}
            aria-label={`${folded ? 'Open' : 'Fold'} ${count(below)} rows below ${name}`}
            onClick={(event) => {
              event.stopPropagation();
              toggle(position);
            }}
          >
            <Icon of={folded ? ChevronRight : ChevronDown} small />
            {count(below)}
          </button>
        ) : null}
        <span
          className={`tag ${styles.tag}${failed && at(layout.kind, position) === Kind.error ? ' err' : ''}`}
        >
          {tag(layout, position)}
        </span>
        <span className={styles.nm} title={why ? `${name}\n${why.reason}` : name}>
          {name}
        </span>
        {failed ? (
          <span className={styles.mark}>
            <Icon of={CircleX} small className="t-danger" />
            <span className="vh">error</span>
          </span>
        ) : null}
        {why ? <span className={`tag ${styles.why}`}>{why.words}</span> : null}
        {times > 1 ? <span className="tag">×{times}</span> : null}
        {clock ? (
          <span className={styles.mark} title={clock}>
            <Icon of={ClockAlert} small className="t-warn" />
            <span className="vh">{clock}</span>
          </span>
        ) : null}
        <span className={styles.sv}>
          <span className={styles.svName}>{service(data, layout, position)}</span>
          <span
            className="sw"
            style={{
              background: isBar(at(layout.kind, position)) ? rowColour(view, position) : 'none',
            }}
          />
        </span>
      </div>
      <div className={styles.b} role="gridcell">
        <span className="vh">
          {spoken(layout, position)}
          {onPath > 0 ? `, ${length(onPath)} of it on the critical path` : ''}
        </span>
        <Bar view={view} position={position} failed={failed} />
      </div>
    </div>
  );
});

/** A row has little room; its tooltip, and the panel, say it in full. */
const SHORT: Readonly<Record<string, string>> = { id: 'same id', text: 'id in text' };

/** Why a row is there, where it is not simply because the one above it is. */
function whyHere(view: TraceView, position: number): { words: string; reason: string } | undefined {
  const { layout, data, story } = view;
  const why = whyOf(data, story, at(layout.row, position));
  if (!why) return undefined;
  if (!why.joined) {
    return { words: percentSure(why.near.score), reason: `not joined: ${why.near.reason}` };
  }
  let parent = at(layout.parent, position);
  // A parent that never arrived was not joined by anything.
  while (parent >= 0 && at(layout.row, parent) < 0) parent = at(layout.parent, parent);
  const above = parent < 0 ? undefined : whyOf(data, story, at(layout.row, parent));
  if (why.join.tier === 'asked' || (above?.joined && above.join === why.join)) return undefined;
  return {
    words: SHORT[why.join.tier] ?? percentSure(why.join.score),
    reason: `${sureness(why.join)}: ${why.join.reason}`,
  };
}

/** The lines from a row up to its ancestors. */
function TreeLines({ view, position, step, indent }: Pick<Props, 'view' | 'position' | 'step' | 'indent'>) {
  const { layout, last } = view;
  const top = view.focus >= 0 ? at(layout.depth, view.focus) : 0;
  const depth = at(layout.depth, position) - top;
  if (depth <= 0) return null;
  if (depth * step > indent) {
    return <span className={styles.indent} style={{ width: indent }} aria-hidden="true" />;
  }
  const kinds: string[] = [];
  let p = position;
  for (let k = depth; k >= 1; k -= 1) {
    const ends = at(last, p) === 1;
    if (k === depth) kinds.push(ends ? `${styles.elbow} ${styles.ends}` : (styles.elbow ?? ''));
    else kinds.push(ends ? (styles.empty ?? '') : '');
    p = at(layout.parent, p);
  }
  kinds.reverse();
  return (
    <span className={styles.tr} aria-hidden="true">
      {kinds.map((kind, level) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a level is its index
        <i key={level} className={kind} />
      ))}
    </span>
  );
}

/** The parts of a bar that are on the critical path. */
function FootLines({ view, position }: { view: TraceView; position: number }) {
  const { critical, window } = view;
  if (!critical) return null;
  const lines: { from: number; to: number }[] = [];
  for (let i = at(critical.first, position); i < at(critical.first, position + 1); i += 1) {
    lines.push({ from: at(critical.from, i), to: at(critical.to, i) });
  }
  return lines.map(({ from, to }) => {
    const { left, width, off } = barBox(window, from, to);
    return off ? null : (
      <span key={from} className={styles.path} style={{ left: `${left}%`, width: `${width}%` }} />
    );
  });
}

/** From here on the text of a tick or a diamond stands before it. */
const BEFORE_PERCENT = 70;
const TOO_MANY = 429;

/** The bar with its events, and its length right of it. */
function Bar({ view, position, failed }: { view: TraceView; position: number; failed: boolean }) {
  const { layout, data, window } = view;
  const start = at(layout.start, position);
  const end = at(layout.end, position);
  const kind = at(layout.kind, position);
  const box = barBox(window, start, end);
  if (box.off) {
    return (
      <span className={styles.du} style={box.off === 'before' ? { left: 0 } : { right: 0 }}>
        {box.off === 'before' ? '◂ ' : ''}
        {startOf(layout, position)}
        {box.off === 'after' ? ' ▸' : ''}
      </span>
    );
  }
  if (kind === Kind.log || kind === Kind.error) {
    const before = box.left > BEFORE_PERCENT;
    return (
      <>
        <span
          className={
            kind === Kind.log ? `${styles.tick}${failed ? ` ${styles.tickFailed}` : ''}` : styles.diamond
          }
          style={{ left: `${box.left}%` }}
        />
        <span className={`${styles.du}${before ? ` ${styles.before}` : ''}`} style={{ left: `${box.left}%` }}>
          {startOf(layout, position)}
        </span>
      </>
    );
  }
  const row = at(layout.row, position);
  const open = (at(layout.flags, position) & Flag.open) !== 0;
  const look =
    kind === Kind.missing ? styles.missing : open ? styles.open : kind === Kind.segment ? styles.segment : '';
  return (
    <>
      <span
        className={`${styles.bar} ${look}`}
        style={
          { '--c': rowColour(view, position), left: `${box.left}%`, width: `${box.width}%` } as CSSProperties
        }
      />
      <FootLines view={view} position={position} />
      {notesAt(layout, data, position).map((note) => {
        const place = percent(window, at(data.start, note));
        return place >= 0 && place <= 100 ? (
          <span key={note} className={styles.event} style={{ left: `${place}%` }} />
        ) : null;
      })}
      <span
        className={`${styles.du}${open ? ` ${styles.before}` : ''}`}
        style={{ left: `${open ? box.left : box.left + box.width}%` }}
      >
        {kind === Kind.missing
          ? `inferred, ${length(start - layout.zero)} to ${length(end - layout.zero)}`
          : open
            ? 'in progress when it arrived'
            : length(end - start)}
        {row >= 0 && at(data.httpStatus, row) === TOO_MANY ? (
          <b className="t-thr strong">
            {' '}
            429<span className="hide-m"> throttled</span>
          </b>
        ) : null}
      </span>
    </>
  );
}
