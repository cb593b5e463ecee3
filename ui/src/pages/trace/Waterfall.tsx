import { Info } from 'lucide-react';
import { type CSSProperties, type KeyboardEvent, useEffect, useRef } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { useKeys } from '@/lib/keys.ts';
import { useStable } from '@/lib/stable.ts';
import { percent, ticks } from './axis.ts';
import { at } from './columns.ts';
import { length } from './describe.ts';
import { useKeptPlace } from './useKeptPlace.ts';
import { useRowWindow } from './useRowWindow.ts';
import type { TraceView } from './useTraceView.ts';
import { foldSubtree, indexOfRow, searchRows } from './visible.ts';
import { WaterfallRow } from './WaterfallRow.tsx';
import styles from './waterfall.module.css';

const ROW_PX = 24;
const HEAD_PX = 28;
/** Widest indentation. Deep trees get narrower steps, and beyond it their depth no longer shows. */
const INDENT_PX = 196;
const STEP_PX = 14;
const LEAST_STEP_PX = 6;
const MOST_TICKS = 5;

interface Props {
  view: TraceView;
  select: (position: number) => void;
  focusOn: (position: number) => void;
}

/** All rows of the trace as a tree with bars on a time axis. Draws only the rows in view. */
export function Waterfall({ view, select, focusOn }: Props) {
  const { layout, rows, selected, window } = view;
  const scroller = useRef<HTMLDivElement>(null);
  // Before the first row that only may be of the request stands a line that says so.
  const cap = view.focus >= 0 ? rows.length : firstFrom(rows, layout.joined);
  const slots = rows.length + (cap < rows.length ? 1 : 0);
  const slotOf = (index: number) => (index < cap ? index : index + 1);
  const { first, end, page, show } = useRowWindow(scroller, slots, ROW_PX, HEAD_PX);
  const active = Math.max(0, indexOfRow(layout, rows, selected));
  const focusWanted = useRef(false);
  const kept = useKeptPlace(scroller, view, ROW_PX);

  // The selected row comes into view, however it was selected, and takes the focus when a key of ours did it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: also when the rows around it changed
  useEffect(() => {
    if (!kept() || focusWanted.current) show(slotOf(active));
    if (!focusWanted.current) return;
    focusWanted.current = false;
    scroller.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus({ preventScroll: true });
  }, [active, show, rows]);

  const go = (index: number) => {
    const position = rows[Math.min(Math.max(0, index), rows.length - 1)];
    if (position === undefined) return;
    focusWanted.current = true;
    select(position);
  };
  const toggle = useStable((position: number, fold = at(view.folded, position) === 0) => {
    if (at(layout.size, position) < 2) return;
    const next = view.folded.slice();
    next[position] = fold ? 1 : 0;
    view.setFolded(next);
    focusWanted.current = true;
  });
  const left = () => {
    const position = rows[active] ?? 0;
    const open = at(layout.size, position) > 1 && at(view.folded, position) === 0;
    const parent = searchRows(rows, at(layout.parent, position));
    if (open) toggle(position, true);
    else if (parent >= 0) go(parent);
  };
  const right = () => {
    const position = rows[active] ?? 0;
    if (at(layout.size, position) < 2) return;
    if (at(view.folded, position) === 1) toggle(position, false);
    else go(active + 1);
  };
  useKeys({
    j: () => go(active + 1),
    k: () => go(active - 1),
    f: () => focusOn(rows[active] ?? 0),
    '*': () => {
      const position = rows[active] ?? 0;
      const anyFolded = view.folded.subarray(position, position + at(layout.size, position)).includes(1);
      view.setFolded(foldSubtree(layout, view.folded, position, !anyFolded));
      focusWanted.current = true;
    },
  });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'ArrowDown') go(active + 1);
    else if (event.key === 'ArrowUp') go(active - 1);
    else if (event.key === 'ArrowLeft') left();
    else if (event.key === 'ArrowRight') right();
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(rows.length - 1);
    else if (event.key === 'PageDown') go(active + page);
    else if (event.key === 'PageUp') go(active - page);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const marks = ticks(window, layout.zero, MOST_TICKS);
  const lines = [...marks.filter((mark) => mark > window.from), window.to]
    .map(
      (mark) =>
        `linear-gradient(var(--line) 0 0) ${percent(window, mark).toFixed(3)}% 0 / 1px 100% no-repeat`,
    )
    .join(', ');
  const step = Math.max(
    LEAST_STEP_PX,
    Math.min(STEP_PX, Math.floor(INDENT_PX / Math.max(1, layout.deepest))),
  );
  const drawn: number[] = [];
  if (slotOf(active) < first && rows.length > 0) drawn.push(active);
  for (let slot = first; slot < end; slot += 1) {
    if (slot < cap) drawn.push(slot);
    else if (slot > cap) drawn.push(slot - 1);
  }
  if (slotOf(active) >= end) drawn.push(active);

  return (
    <div
      className={styles.grid}
      ref={scroller}
      role="treegrid"
      aria-label="Rows of the request"
      aria-rowcount={rows.length + 1}
      aria-colcount={2}
      style={{ '--lines': lines, '--step': `${step}px` } as CSSProperties}
      onKeyDown={onKeyDown}
    >
      <div className={styles.axis} role="row" aria-rowindex={1}>
        <div className={styles.axisName} role="columnheader">
          Span<span className={`right ${styles.axisService}`}>Service</span>
        </div>
        <div className={styles.axisTime} role="columnheader" aria-label={axisWords(view)}>
          {marks.map((mark, i) =>
            percent(window, mark) < (i === 0 ? 101 : 86) ? (
              <span key={mark} style={{ left: `${percent(window, mark)}%` }}>
                {axisText(mark - layout.zero)}
              </span>
            ) : null,
          )}
          <span className={styles.axisEnd}>{axisText(window.to - layout.zero)}</span>
        </div>
      </div>
      <div className={styles.rows} role="rowgroup" style={{ height: slots * ROW_PX }}>
        {drawn.map((index) => {
          const position = rows[index] ?? 0;
          return (
            <WaterfallRow
              key={position}
              view={view}
              index={index}
              position={position}
              top={slotOf(index) * ROW_PX}
              selected={position === selected}
              tabbable={index === active}
              folded={at(view.folded, position) === 1}
              step={step}
              indent={INDENT_PX}
              select={select}
              toggle={toggle}
            />
          );
        })}
        {cap < rows.length ? (
          <div className={styles.r} role="row" style={{ transform: `translateY(${cap * ROW_PX}px)` }}>
            <div className={styles.cap} style={{ gridColumn: '1 / -1' }} role="gridcell" aria-colspan={2}>
              <Icon of={Info} />
              <span className="cut">
                Not joined: these lie near it, but are less than{' '}
                {Math.round((view.story?.threshold ?? 0.8) * 100)} % sure
              </span>
            </div>
          </div>
        ) : null}
      </div>
    </div>
  );
}

const axisText = (ns: number): string => (ns < 0 ? `−${length(-ns)}` : length(ns));

function axisWords({ window, layout }: TraceView): string {
  return `Time, ${axisText(window.from - layout.zero)} to ${axisText(window.to - layout.zero)}`;
}

/** Index of the first of some rising positions that is not below `from`. */
function firstFrom(rows: Int32Array, from: number): number {
  let index = rows.length;
  while (index > 0 && at(rows, index - 1) >= from) index -= 1;
  return index;
}
