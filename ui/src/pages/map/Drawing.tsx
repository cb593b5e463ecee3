import { Minus, Plus } from 'lucide-react';
import { useRef, useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { duration, plural } from '@/lib/format.ts';
import { useSize } from '@/lib/useSize.ts';
import type { Drawn, DrawnNode } from './drawn.ts';
import type { Layout } from './layout.ts';
import styles from './map.module.css';
import { OUTCOMES, rate, worst } from './model.ts';
import { arcPath, arcs } from './ring.ts';
import { edgePath, TEXT_HEIGHT } from './way.ts';

interface Props {
  drawn: Drawn;
  layout: Layout;
  minutes: number;
  selected: string | undefined;
  select: (key: string | undefined) => void;
}

const FILLS = { ok: 'var(--ok)', error: 'url(#map-4xx)', throttle: 'url(#map-429)', fault: 'var(--danger)' };
const [LEAST_SCALE, MOST_SCALE] = [0.25, 2];
/** Smaller than this names cannot be read: what does not fit is scrolled. */
const LEAST_FIT = 0.6;

/** The map: rings and ways between them. Larger than its place it scrolls; each ring is a button. */
export function Drawing({ drawn, layout, minutes, selected, select }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const [own, setOwn] = useState<number>();
  const fit = Math.max(
    LEAST_FIT,
    Math.min(1, (size.width - 2) / (layout.width || 1), (size.height - 48) / (layout.height || 1)),
  );
  const scale = own ?? fit;
  const zoom = (by: number) => setOwn(Math.min(MOST_SCALE, Math.max(LEAST_SCALE, scale * by)));
  const chosen = drawn.nodes.find((node) => node.key === selected)?.id;
  const placeOf = new Map(drawn.nodes.map((node, i) => [node.id, { node, at: layout.nodes[i] }]));
  return (
    <div className={styles.canvas}>
      <section
        className={styles.pan}
        ref={box}
        aria-label="Map"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
        tabIndex={0}
      >
        <svg
          className={styles.svg}
          width={Math.ceil(layout.width * scale)}
          height={Math.ceil(layout.height * scale)}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
        >
          <title>{`${plural(drawn.nodes.length, 'node')} and ${plural(drawn.edges.length, 'edge')}; the table has the same`}</title>
          <Patterns />
          {drawn.edges.map((edge, i) => {
            const [from, to] = [placeOf.get(edge.from), placeOf.get(edge.to)];
            if (!from?.at || !to?.at) return null;
            const lit = edge.from === chosen || edge.to === chosen;
            const bad = worst(edge.calls)?.key;
            if (from === to) {
              const [r, { x, y }] = [from.node.radius + 4, from.at];
              const d = `M${x - r * 0.5} ${y - r * 0.87}C${x - r} ${y - r * 1.8} ${x + r} ${y - r * 1.8} ${x + r * 0.5} ${y - r * 0.87}`;
              return (
                <path
                  key={`${edge.from} self`}
                  className={lit ? styles.lit : styles.edge}
                  d={d}
                  strokeWidth={edge.width}
                />
              );
            }
            const path = edgePath(layout.edges[i] ?? [], from.node.radius, to.node.radius, edge.shift);
            if (!path) return null;
            return (
              <g key={`${edge.from} ${edge.to}`}>
                <path
                  className={lit ? styles.lit : styles.edge}
                  d={path.d}
                  strokeWidth={edge.width}
                  markerEnd={lit ? 'url(#map-arrow-lit)' : 'url(#map-arrow)'}
                />
                <text
                  className={`${styles.label} ${bad === 'fault' ? styles.fault : bad === 'throttle' ? styles.throttle : ''}`}
                  {...path.label}
                >
                  {edge.text}
                </text>
              </g>
            );
          })}
          {drawn.nodes.map((node, i) => (
            <Ring
              key={node.id}
              node={node}
              at={layout.nodes[i] ?? { x: 0, y: 0 }}
              minutes={minutes}
              on={node.id === chosen}
              toggle={() => select(node.id === chosen ? undefined : node.key)}
            />
          ))}
        </svg>
      </section>
      <div className={styles.foot}>
        <ul className={styles.key} aria-label="Parts of a ring">
          {OUTCOMES.map(({ key, name }) => (
            <li key={key}>
              <svg width="20" height="10" aria-hidden="true">
                <rect y="2" width="20" height="6" fill={FILLS[key]} />
              </svg>
              {name}
            </li>
          ))}
          <li className="hide-m">ring = shares of answers, inside p50, edge width = calls, label = p95</li>
        </ul>
        <button
          type="button"
          className="btn sm icon right"
          aria-label="Zoom out"
          onClick={() => zoom(1 / 1.25)}
        >
          <Icon of={Minus} small />
        </button>
        <button type="button" className="btn sm icon" aria-label="Zoom in" onClick={() => zoom(1.25)}>
          <Icon of={Plus} small />
        </button>
        <button type="button" className="btn sm" onClick={() => setOwn(undefined)}>
          Fit
        </button>
      </div>
    </div>
  );
}

interface RingProps {
  node: DrawnNode;
  at: { x: number; y: number };
  minutes: number;
  on: boolean;
  toggle: () => void;
}

function Ring({ node, at, minutes, on, toggle }: RingProps) {
  const { radius, counts, p50 } = node;
  const thick = radius >= 44 ? 8 : 6;
  const bad = worst(counts);
  const often = counts.total > 0 ? rate(counts.total, minutes) : '';
  const middle = node.isClient ? 'client' : p50 === undefined ? '–' : duration(p50);
  const below = [often, bad?.text].filter(Boolean).join(' · ');
  return (
    <g
      className={styles.node}
      transform={`translate(${at.x} ${at.y})`}
      role="button"
      tabIndex={0}
      aria-pressed={on}
      onClick={toggle}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        toggle();
      }}
    >
      <rect
        x={-radius - 6}
        y={-radius - 6}
        width={2 * radius + 12}
        height={2 * radius + TEXT_HEIGHT + 6}
        fill="transparent"
      />
      {on ? <circle className={styles.chosen} r={radius + 6} /> : null}
      <circle
        className={counts.total > 0 ? styles.inside : styles.hollow}
        r={radius - (counts.total > 0 ? 0 : 1)}
      />
      {arcs(counts).map((arc) => (
        <path key={arc.key} d={arcPath(arc, radius, thick)} fill={FILLS[arc.key]} />
      ))}
      {/* What is seen is what is said: name, median, how often. */}
      <text className={styles.name} y={radius + 18}>
        {node.short}
      </text>{' '}
      <text className={styles.middle} y={5}>
        {middle}
      </text>{' '}
      <text className={styles.rate} y={radius + 34}>
        {below}
      </text>
    </g>
  );
}

function Patterns() {
  return (
    <defs>
      <pattern id="map-4xx" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="6" height="6" fill="var(--warn-soft)" />
        <rect width="3" height="6" fill="var(--warn)" />
      </pattern>
      <pattern id="map-429" width="5" height="5" patternUnits="userSpaceOnUse">
        <rect width="5" height="5" fill="var(--throttle-soft)" />
        <circle cx="2.5" cy="2.5" r="1.6" fill="var(--throttle)" />
      </pattern>
      {(['map-arrow', 'map-arrow-lit'] as const).map((id) => (
        <marker
          key={id}
          id={id}
          viewBox="0 0 8 8"
          refX="6"
          refY="4"
          markerWidth="9"
          markerHeight="9"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0 0.5 8 4 0 7.5z" fill={id === 'map-arrow' ? 'var(--border)' : 'var(--accent)'} />
        </marker>
      ))}
    </defs>
  );
}
