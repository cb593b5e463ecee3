import { Link } from '@tanstack/react-router';
import {
  ChartNoAxesColumn,
  CircleCheck,
  CircleMinus,
  CircleX,
  ListTree,
  ScrollText,
  TriangleAlert,
  X,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { MapEdge, ServiceMap } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { colourIndex } from '@/lib/color.ts';
import { count, duration, plural, share } from '@/lib/format.ts';
import { renderValue } from '@/query/text.ts';
import { Latency, Slowest } from './Latency.tsx';
import { countOf, linesQuery, parseBrush, rangeOf, renderBrush, tracesSearch } from './latency.ts';
import styles from './map.module.css';
import { lengthMs, OUTCOMES, type Place, rate, worst } from './model.ts';
import type { MapSearch } from './search.ts';
import { useBeside } from './useBeside.ts';

const ICONS = { ok: CircleCheck, error: TriangleAlert, throttle: CircleMinus, fault: CircleX };
const TONES = { ok: 't-ok', error: 't-warn', throttle: 't-thr', fault: 't-danger' };

interface Props {
  env: string;
  t: string;
  place: Place;
  places: readonly Place[];
  map: ServiceMap;
  /** As the address says it. */
  brush: string | undefined;
  minutes: number;
  focus: string | undefined;
  change: (patch: { [K in keyof MapSearch]?: string | undefined }, push?: boolean) => void;
}

/** One node: its figures, its neighbours, and the ways on to its spans and lines. */
export function Panel({ env, t, place, places, map, brush: brushText, minutes, focus, change }: Props) {
  const { counts, p50, p95 } = place;
  const { edges } = map;
  const brush = parseBrush(brushText);
  const lines = countOf(
    useBeside(env, place.reports ? linesQuery(place.name, rangeOf(map)) : undefined).data,
  );
  const bad = worst(counts);
  const length = (ms: number | undefined) => (ms === undefined ? '–' : duration(ms));
  const w = `service.name = ${renderValue(place.name)}`;
  const open = { v: 'HEATMAP(duration_ms),P95(duration_ms)', w: `${w} and duration_ms exists`, t };
  return (
    <aside className={`panel ${styles.panel}`} aria-label={`Node ${place.key}`}>
      <div className="head">
        <span className="sw" style={{ background: `var(--c${colourIndex(place.name)})` }} />
        <h2 className="cut" title={place.key}>
          {place.key}
        </h2>
        <span className="tag cut">{place.kind ?? 'service'}</span>
        <button
          type="button"
          className="btn sm ghost icon right"
          aria-label="Close"
          onClick={() => change({ sel: undefined }, false)}
        >
          <Icon of={X} small />
        </button>
      </div>
      <dl className={styles.stats}>
        <Stat name="calls" figure={counts.total > 0 ? rate(counts.total, minutes) : '–'} />
        <Stat name="p50" figure={length(p50)} />
        <Stat name="p95" figure={length(p95)} />
        <Stat
          name="5xx"
          figure={share(counts.fault, counts.total)}
          tone={counts.fault > 0 ? 't-danger' : undefined}
        />
      </dl>
      {place.reports ? (
        <Latency
          key={place.key}
          env={env}
          t={t}
          map={map}
          service={place.name}
          brush={brush}
          setBrush={(next) => change({ brush: next && renderBrush(next) })}
        />
      ) : null}
      {counts.total > 0 ? (
        <ul className={styles.shares} aria-label="How calls went">
          {OUTCOMES.map(({ key, name, token }) => (
            <li key={key}>
              <Icon of={ICONS[key]} className={TONES[key]} />
              <span>{name}</span>
              <span className={styles.track}>
                {counts[key] > 0 ? (
                  <i
                    style={{
                      width: `${Math.max(0.8, (100 * counts[key]) / counts.total)}%`,
                      background: `var(--${token})`,
                    }}
                  />
                ) : null}
              </span>
              <span className="num muted">{count(counts[key])}</span>
              <span className="num strong">{share(counts[key], counts.total)}</span>
            </li>
          ))}
        </ul>
      ) : null}
      <ul className={styles.ways} aria-label="Ways on">
        {place.reports ? (
          <>
            <Way icon={ChartNoAxesColumn} note="durations, fields, BubbleUp">
              <Link {...paths.explore(env)} search={open} className="link">
                Explore
              </Link>
            </Way>
            <Way icon={ListTree} note="slowest first">
              <Link {...paths.explore(env)} search={tracesSearch(place.name, undefined, t)} className="link">
                Traces
              </Link>
            </Way>
            {bad?.key === 'fault' ? (
              <Way icon={CircleX} note={`${count(counts.fault)} failed`}>
                <Link
                  {...paths.explore(env)}
                  search={{ v: 'COUNT', w: `${w} and error = true`, g: 'name', t }}
                  className="link"
                >
                  Failures
                </Link>
              </Way>
            ) : null}
            <Way
              icon={ScrollText}
              note={
                lines === undefined ? '' : lines >= minutes ? rate(lines, minutes) : plural(lines, 'line')
              }
            >
              <Link
                {...paths.explore(env)}
                search={{ v: 'COUNT', w: `meta.signal_type = log and ${w}`, t, tab: 'events' }}
                className="link"
              >
                Log lines
              </Link>
            </Way>
          </>
        ) : null}
        <Way icon={ScrollText} note="groups and streams">
          <Link {...paths.logs(env)} search={{ t }} className="link">
            Logs
          </Link>
        </Way>
      </ul>
      {place.reports && brush ? (
        <Slowest env={env} t={t} map={map} service={place.name} brush={brush} />
      ) : null}
      {place.reports || place.isClient ? null : (
        <p className={`muted ${styles.aside}`}>It sends nothing itself: these are its callers’ figures.</p>
      )}
      <div className={styles.focus}>
        <button
          type="button"
          className="btn sm"
          aria-pressed={focus === place.key}
          onClick={() => change({ focus: focus === place.key ? undefined : place.key })}
        >
          {focus === place.key ? 'Show the whole map' : 'Focus here'}
        </button>
      </div>
      <Neighbours
        title="Called by"
        places={places}
        list={edges.filter((edge) => edge.to === place.id).map((edge) => ({ id: edge.from, edge }))}
        minutes={minutes}
        change={change}
      />
      <Neighbours
        title="Calls"
        places={places}
        list={edges.filter((edge) => edge.from === place.id).map((edge) => ({ id: edge.to, edge }))}
        minutes={minutes}
        change={change}
      />
    </aside>
  );
}

function Stat({ name, figure, tone }: { name: string; figure: string; tone?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={tone}>{figure}</dd>
    </div>
  );
}

function Way({ icon, note, children }: { icon: typeof X; note: string; children: ReactNode }) {
  return (
    <li>
      <Icon of={icon} className="muted" />
      {children}
      <span className="muted right">{note}</span>
    </li>
  );
}

interface NeighbourProps {
  title: string;
  places: readonly Place[];
  list: readonly { id: number; edge: MapEdge }[];
  minutes: number;
  change: Props['change'];
}

function Neighbours({ title, places, list, minutes, change }: NeighbourProps) {
  if (list.length === 0) return null;
  const rows = list.toSorted((a, b) => b.edge.calls.total - a.edge.calls.total);
  return (
    <section aria-label={title}>
      <div className={`head ${styles.top}`}>
        <h2>{title}</h2>
        <span className="muted">as the caller saw it</span>
      </div>
      <ul className={styles.ways}>
        {rows.map(({ id, edge }) => {
          const other = places.find((place) => place.id === id);
          const p95 = lengthMs(edge.calls.p95_ns);
          const bad = worst(edge.calls);
          return (
            <li key={id}>
              <button
                type="button"
                className={`link cut ${styles.name2}`}
                onClick={() => change({ sel: other?.key }, false)}
              >
                {other?.key}
              </button>
              <span className={`num right ${bad ? TONES[bad.key] : 'muted'}`}>
                {bad ? bad.text : rate(edge.calls.total, minutes)}
              </span>
              <span className={`num ${styles.p95}`}>{p95 === undefined ? '–' : duration(p95)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
