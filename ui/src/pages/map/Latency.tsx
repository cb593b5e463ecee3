import { Link } from '@tanstack/react-router';
import { type PointerEvent, type SubmitEvent, useMemo, useRef, useState } from 'react';
import type { Answer, ServiceMap } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Failure } from '@/design/Failure.tsx';
import { count, duration } from '@/lib/format.ts';
import { useSize } from '@/lib/useSize.ts';
import { heatmapOf } from '@/viz/answer.ts';
import { canLog, valueScale } from '@/viz/heat.ts';
import { logTicks, toPixel, toValue } from '@/viz/scale.ts';
import styles from './latency.module.css';
import {
  type Brush,
  brushOf,
  bubbleSearch,
  countOf,
  countQuery,
  drawnBrush,
  histogramOf,
  histogramQuery,
  rangeOf,
  slowestOf,
  slowestQuery,
  tracesSearch,
} from './latency.ts';
import { useBeside } from './useBeside.ts';

const HEIGHT = 96;

interface Props {
  env: string;
  t: string;
  map: Pick<ServiceMap, 'start_ns' | 'end_ns'>;
  service: string;
  brush: Brush | undefined;
  setBrush: (brush: Brush | undefined) => void;
}

/** How long the calls of a service took, of which a part can be taken: by the pointer, or typed. */
export function Latency({ env, t, map, service, brush, setBrush }: Props) {
  const range = useMemo(() => rangeOf(map), [map]);
  const query = useBeside(env, histogramQuery(service, range));
  const inside = useBeside(env, brush ? countQuery(service, range, brush) : undefined, true);
  const heat = query.data ? heatmapOf(query.data, 0) : undefined;
  const bins = useMemo(() => (heat ? histogramOf(heat) : []), [heat]);
  const all = bins.reduce((sum, bin) => sum + bin.count, 0);
  return (
    <section className={styles.latency} aria-label="Latency">
      <div className={styles.title}>
        <h3 className="strong">Latency</h3>
        <span className="muted right" role="status">
          {!query.data ? (
            ''
          ) : brush ? (
            <>
              <b className={styles.inside}>{count(countOf(inside.data) ?? 0)}</b> of {count(all)}
            </>
          ) : (
            `${count(all)} rows with a duration`
          )}
        </span>
      </div>
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <div className={`skeleton ${styles.chart}`} aria-busy="true" />
      ) : heat && all > 0 ? (
        <>
          <Chart answer={query.data} brush={brush} setBrush={setBrush} />
          {/* What is typed starts anew with each brush. */}
          <Typed key={brush ? `${brush.min} ${brush.max}` : ''} brush={brush} setBrush={setBrush} />
        </>
      ) : (
        <p className="muted">Nothing of it has a duration in this time.</p>
      )}
      {brush ? (
        <div className={styles.acts}>
          <Link {...paths.explore(env)} search={tracesSearch(service, brush, t)} className="btn sm">
            Traces in the brush
          </Link>
          <Link
            {...paths.explore(env)}
            search={bubbleSearch(service, brush, map, t)}
            className="btn sm ghost"
          >
            BubbleUp
          </Link>
          <button type="button" className="btn sm ghost right" onClick={() => setBrush(undefined)}>
            Clear
          </button>
        </div>
      ) : null}
    </section>
  );
}

function Chart({
  answer,
  brush,
  setBrush,
}: {
  answer: Answer;
  brush: Brush | undefined;
  setBrush: Props['setBrush'];
}) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [drag, setDrag] = useState<{ from: number; to: number }>();
  const heat = heatmapOf(answer, 0);
  const bins = useMemo(() => (heat ? histogramOf(heat) : []), [heat]);
  if (!heat) return null;
  const scale = valueScale(heat, canLog(heat) ? 'log' : 'linear', 0, Math.max(1, width));
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const lit = drag ? drawnBrush(toValue(scale, drag.from), toValue(scale, drag.to), scale) : brush;
  const x = (event: PointerEvent<HTMLDivElement>) =>
    event.clientX - event.currentTarget.getBoundingClientRect().left;
  return (
    <>
      <div
        ref={box}
        className={styles.chart}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: x(event), to: x(event) });
        }}
        onPointerMove={(event) => {
          const to = x(event);
          setDrag((old) => old && { ...old, to });
        }}
        onPointerUp={() => {
          // A click alone takes nothing, and undoes nothing.
          if (drag && Math.abs(drag.to - drag.from) >= 3 && lit) setBrush(lit);
          setDrag(undefined);
        }}
        onPointerCancel={() => setDrag(undefined)}
      >
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Calls by duration, from ${duration(scale.lo)} to ${duration(scale.hi)}`}
        >
          {bins.map((bin) => {
            if (bin.count <= 0) return null;
            const left = Math.floor(toPixel(scale, bin.min));
            const right = Math.floor(toPixel(scale, bin.max));
            // What is not nothing is seen.
            const tall = Math.max(1, Math.round((bin.count / most) * (HEIGHT - 1)));
            const on = lit && bin.max > lit.min && bin.min < lit.max;
            return (
              <rect
                key={bin.min}
                x={Math.min(left, width - 1)}
                y={HEIGHT - tall}
                width={Math.max(1, right - left - 1)}
                height={tall}
                fill={on ? 'var(--sel)' : 'var(--h5)'}
              />
            );
          })}
          <rect y={HEIGHT - 1} width={width} height="1" fill="var(--line)" />
          {lit ? (
            <rect
              className={styles.brush}
              x={toPixel(scale, lit.min)}
              y="1"
              width={Math.max(2, toPixel(scale, lit.max) - toPixel(scale, lit.min))}
              height={HEIGHT - 2}
            />
          ) : null}
        </svg>
      </div>
      <div className={styles.axis} aria-hidden="true">
        {(scale.kind === 'log' ? logTicks(scale.lo, scale.hi, 4) : [scale.lo, scale.hi]).map((tick) => {
          const at = toPixel(scale, tick);
          const place = at < 24 ? 'none' : at > width - 24 ? 'translateX(-100%)' : 'translateX(-50%)';
          return (
            <span key={tick} style={{ left: at, transform: place }}>
              {duration(tick)}
            </span>
          );
        })}
      </div>
    </>
  );
}

function Typed({ brush, setBrush }: { brush: Brush | undefined; setBrush: Props['setBrush'] }) {
  const [from, setFrom] = useState(brush ? String(brush.min) : '');
  const [to, setTo] = useState(brush ? String(brush.max) : '');
  const typed = brushOf(from, to);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    if (typed) setBrush(typed);
  };
  const wrong = from.trim() !== '' && to.trim() !== '' && !typed;
  return (
    <form className={styles.typed} onSubmit={send} aria-label="Part of the durations">
      <input
        className="input sm"
        aria-label="From, ms"
        inputMode="decimal"
        placeholder="from"
        value={from}
        aria-invalid={wrong}
        onChange={(event) => setFrom(event.target.value)}
      />
      <span className="muted">–</span>
      <input
        className="input sm"
        aria-label="To, ms"
        inputMode="decimal"
        placeholder="to"
        value={to}
        aria-invalid={wrong}
        onChange={(event) => setTo(event.target.value)}
      />
      <span className="muted">ms</span>
      <button type="submit" className="btn sm" disabled={!typed}>
        Select
      </button>
    </form>
  );
}

/** The slowest calls of the brush, each with the way to its trace. */
export function Slowest({
  env,
  t,
  map,
  service,
  brush,
}: Omit<Props, 'setBrush' | 'brush'> & { brush: Brush }) {
  const range = useMemo(() => rangeOf(map), [map]);
  const query = useBeside(env, slowestQuery(service, range, brush), true);
  const rows = query.data ? slowestOf(query.data) : [];
  return (
    <section aria-label="Slowest in the brush">
      <div className={`head ${styles.top}`}>
        <h2>Slowest in the brush</h2>
        <Link {...paths.explore(env)} search={tracesSearch(service, brush, t)} className="link right">
          All
        </Link>
      </div>
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <div className={`skeleton ${styles.chart}`} aria-busy="true" />
      ) : rows.length === 0 ? (
        <p className={`muted ${styles.none}`}>No trace is in it.</p>
      ) : (
        <ul className={styles.slow}>
          {rows.map((row) => (
            <li key={`${row.trace} ${row.name}`}>
              <b className="strong">{duration(row.ms)}</b>
              <Link
                {...paths.trace(env, row.trace)}
                search={{ from: map.start_ns, to: map.end_ns }}
                className="link cut"
                title={row.trace}
              >
                {row.name}
              </Link>
              {row.failed ? <span className="tag err right">error</span> : null}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
