/** Sizes of what is drawn. Same names and same sizes give the same layout. */
import type { MapEdge } from '@/api/types.ts';
import { duration } from '@/lib/format.ts';
import type { LayoutAsk } from './layout.ts';
import { lengthMs, type Picture, type Place } from './model.ts';

export interface DrawnNode extends Place {
  radius: number;
  textWidth: number;
  /** The name, cut where it would be wider than three rings. */
  short: string;
}

export interface DrawnEdge extends MapEdge {
  label: boolean;
  /** p95 as text. */
  text: string;
  /** Stroke, pixels. */
  width: number;
  /** Aside, where there is one back. */
  shift: number;
}

export interface Drawn extends LayoutAsk {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
}

const [LEAST_RADIUS, MOST_RADIUS] = [30, 54];
const [LEAST_WIDTH, MOST_WIDTH] = [1.25, 6];
const LONGEST_NAME = 24;
const CHARACTER = 7.4;

/** 0 for one call, 1 for as many as the busiest, in equal steps for equal ratios. */
function level(calls: number, most: number): number {
  return most <= 1 || calls <= 1 ? 0 : Math.log(calls) / Math.log(most);
}

export function drawn({ places, edges }: Picture): Drawn {
  const mostNode = Math.max(0, ...places.filter((p) => !p.isClient).map((p) => p.counts.total));
  const mostEdge = Math.max(0, ...edges.map((edge) => edge.calls.total));
  const pairs = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  return {
    nodes: places.map((place) => {
      const short = place.key.length > LONGEST_NAME ? `${place.key.slice(0, LONGEST_NAME - 1)}…` : place.key;
      const size = place.isClient ? 0.3 : level(place.counts.total, mostNode) ** 2;
      return {
        ...place,
        short,
        radius: Math.round(LEAST_RADIUS + size * (MOST_RADIUS - LEAST_RADIUS)),
        textWidth: Math.ceil(Math.max(short.length, 14) * CHARACTER),
      };
    }),
    edges: edges.map((edge) => {
      const p95 = lengthMs(edge.calls.p95_ns);
      return {
        ...edge,
        label: p95 !== undefined,
        text: p95 === undefined ? '' : duration(p95),
        width: LEAST_WIDTH + level(edge.calls.total, mostEdge) * (MOST_WIDTH - LEAST_WIDTH),
        shift:
          edge.from !== edge.to && pairs.has(`${edge.to} ${edge.from}`)
            ? edge.from < edge.to
              ? -10
              : 10
            : 0,
      };
    }),
  };
}
