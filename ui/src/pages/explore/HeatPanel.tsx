import { SquareDashed, X } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import type { Answer, Heatmap as HeatmapData } from '@/api/types.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, share } from '@/lib/format.ts';
import { clock, clockMs, fromMs } from '@/lib/time.ts';
import { parseInstant, renderInstant } from '@/query/range.ts';
import type { Selection } from '@/query/selection.ts';
import { Heatmap } from '@/viz/Heatmap.tsx';
import { type Box, canLog, countIn, type TimeGrid } from '@/viz/heat.ts';
import styles from './HeatPanel.module.css';
import { sayerOf } from './model.ts';

interface Props {
  answer: Answer;
  grid: TimeGrid;
  column: string;
  map: HeatmapData;
  lit: HeatmapData | undefined;
  linear: boolean;
  setLinear: (linear: boolean) => void;
  selection: Selection | undefined;
  select: (selection: Selection | undefined) => void;
  bubbling: boolean;
  bubbleUp: () => void;
  zoom: (selection: Selection) => void;
  open: (column: string, box: Box) => void;
}

/** A heatmap with its brush: the box's figures, BubbleUp, zoom; the box also as a form. */
export function HeatPanel(props: Props) {
  const { grid, column, map, selection, select } = props;
  const [form, setForm] = useState(false);
  const say = useMemo(() => sayerOf({ op: 'HEATMAP', column }), [column]);
  const log = !props.linear && canLog(map);
  const own = selection?.column === column ? selection : undefined;
  const box = useMemo(() => own && boxOfSelection(own), [own]);
  const counted = useMemo(() => (box ? countIn(map, grid, box) : undefined), [box, map, grid]);
  const take = (next: Box | undefined) =>
    select(
      next && {
        column,
        startNs: fromMs(next.startMs),
        endNs: fromMs(next.endMs),
        min: next.min,
        max: next.max,
      },
    );
  const top = map.max.at(-1) ?? 0;
  const low = map.min[0] ?? 0;
  const total = countIn(map, grid, { startMs: 0, endMs: 0, min: 0, max: 0 }).all;
  return (
    <section className={styles.panel} aria-label={`Heatmap of ${column}`}>
      <div className={styles.tools}>
        <button
          type="button"
          className="btn sm ghost icon"
          aria-label="Type a box"
          title="Type a box"
          aria-pressed={form}
          onClick={() => setForm(!form)}
        >
          <Icon of={SquareDashed} small />
        </button>
        <span className="seg sm" role="group" aria-label="Scale">
          <button type="button" aria-pressed={log} onClick={() => props.setLinear(false)}>
            log
          </button>
          <button type="button" aria-pressed={!log} onClick={() => props.setLinear(true)}>
            linear
          </button>
        </span>
      </div>
      {form ? (
        <BoxForm
          column={column}
          box={box ?? whole(grid, low, top)}
          take={take}
          close={() => setForm(false)}
        />
      ) : null}
      <Heatmap
        map={map}
        grid={grid}
        name={column}
        scale={log ? 'log' : 'linear'}
        say={say}
        lit={props.lit}
        box={box}
        onBox={take}
        onCell={(cell) => props.open(column, cell)}
        onEnter={props.bubbleUp}
        summary={`${count(total)} values of ${column}, from ${say(low)} to ${say(top)}.`}
        card={
          own && box && counted ? (
            <>
              <dl className={styles.figures}>
                <dt>time</dt>
                <dd>
                  {precise(box.startMs, box.endMs)} – {precise(box.endMs, box.startMs)}
                </dd>
                <dt className="cut">{column}</dt>
                <dd>
                  {say(own.min)} – {say(own.max)}
                </dd>
                <dt>selected</dt>
                <dd className="strong">
                  {count(counted.inside)} events, {share(counted.inside, counted.all)}
                </dd>
              </dl>
              <div className={styles.actions}>
                <button
                  type="button"
                  className={`btn sm${props.bubbling ? ' on' : ''}`}
                  aria-pressed={props.bubbling}
                  onClick={props.bubbleUp}
                >
                  BubbleUp<kbd>⏎</kbd>
                </button>
                <button type="button" className="btn sm ghost" onClick={() => props.zoom(own)}>
                  Zoom<kbd>z</kbd>
                </button>
                <button
                  type="button"
                  className="btn sm ghost icon right"
                  aria-label="Clear the box"
                  onClick={() => select(undefined)}
                >
                  <Icon of={X} />
                </button>
              </div>
            </>
          ) : undefined
        }
      />
    </section>
  );
}

/** Milliseconds only where the box is so narrow that seconds would read the same. */
function precise(ms: number, other: number): string {
  return Math.abs(ms - other) < 2000 ? clockMs(ms) : clock(ms);
}

function whole(grid: TimeGrid, min: number, max: number): Box {
  return { startMs: grid.startMs, endMs: grid.endMs, min, max };
}

function boxOfSelection({ startNs, endNs, min, max }: Selection): Box {
  return { startMs: Number(startNs / 1000n) / 1000, endMs: Number(endNs / 1000n) / 1000, min, max };
}

/** The same box, typed: no drag needed. */
function BoxForm({
  column,
  box,
  take,
  close,
}: {
  column: string;
  box: Box;
  take: (box: Box) => void;
  close: () => void;
}) {
  const [wrong, setWrong] = useState(false);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const [start, end] = [parseInstant(text('start')), parseInstant(text('end'))];
    const [min, max] = [Number(text('min')), Number(text('max'))];
    const good =
      start !== undefined &&
      end !== undefined &&
      end > start &&
      Number.isFinite(min) &&
      Number.isFinite(max) &&
      max > min;
    setWrong(!good);
    if (!good) return;
    take({ startMs: Number(start / 1000n) / 1000, endMs: Number(end / 1000n) / 1000, min, max });
    close();
  };
  const fields = [
    ['start', 'from (UTC)', renderInstant(fromMs(box.startMs))],
    ['end', 'to (UTC)', renderInstant(fromMs(box.endMs))],
    ['min', `${column} from`, String(box.min)],
    ['max', `${column} below`, String(box.max)],
  ] as const;
  return (
    <form className={styles.form} onSubmit={submit}>
      {fields.map(([name, label, value]) => (
        <label key={name}>
          <span className="muted">{label}</span>
          <input className="input mono" name={name} defaultValue={value} spellCheck={false} />
        </label>
      ))}
      <button type="submit" className="btn sm">
        Select
      </button>
      <button type="button" className="btn sm ghost" onClick={close}>
        Close
      </button>
      {wrong ? (
        <span className="t-danger" role="alert">
          Two times and two numbers, each pair rising.
        </span>
      ) : null}
    </form>
  );
}
