/** What the page shows of a map: nodes with the calls they answered, cut to a focus and to what can be drawn. */
import type { MapCalls, MapEdge, MapNode, ServiceMap } from '@/api/types.ts';
import { share, short } from '@/lib/format.ts';
import { nanos, toMs } from '@/lib/time.ts';

/** More nodes than these are no picture any more (and lay out in more than half a second). */
export const MOST_NODES = 200;

/** How calls went, in the order of the ring: each with its word, its colour and its pattern. */
export const OUTCOMES = [
  { key: 'ok', name: 'ok', token: 'ok' },
  { key: 'error', name: '4xx', token: 'warn' },
  { key: 'throttle', name: '429', token: 'throttle' },
  { key: 'fault', name: '5xx', token: 'danger' },
] as const;

export type Counts = Pick<MapCalls, 'ok' | 'error' | 'throttle' | 'fault' | 'total'>;

/** A node as drawn. */
export interface Place {
  id: number;
  /**
   * What the address holds: its name, with its kind behind it where another node has the same one. A client
   * bears the name of the service it calls, as X-Ray names it.
   */
  key: string;
  name: string;
  kind: string | undefined;
  isClient: boolean;
  reports: boolean;
  counts: Counts;
  /** Milliseconds; absent when nobody measured it. */
  p50: number | undefined;
  p95: number | undefined;
}

export interface Picture {
  places: Place[];
  edges: MapEdge[];
  /** Nodes left out because there are too many. */
  left: number;
}

const NONE: Counts = { ok: 0, error: 0, throttle: 0, fault: 0, total: 0 };

const add = (a: Counts, b: Counts): Counts => ({
  ok: a.ok + b.ok,
  error: a.error + b.error,
  throttle: a.throttle + b.throttle,
  fault: a.fault + b.fault,
  total: a.total + b.total,
});

export const lengthMs = (ns: string | null | undefined): number | undefined =>
  ns === null || ns === undefined ? undefined : toMs(nanos(ns));

/**
 * Nodes with their calls as they saw them themselves. Who does not report is known from its callers, and a
 * client from what it calls; then lengths are told only when there is one edge, as percentiles do not add.
 */
export function placesOf(map: ServiceMap): Place[] {
  const names = new Map<string, number>();
  const clients = map.nodes.filter((node) => node.is_client).length;
  for (const node of map.nodes) {
    if (!node.is_client) names.set(node.name, (names.get(node.name) ?? 0) + 1);
  }
  const keyOf = (node: MapNode) => {
    if (node.is_client) return clients === 1 ? 'client' : `client of ${node.name}`;
    return (names.get(node.name) ?? 0) > 1 ? `${node.name} (${node.kind ?? node.id})` : node.name;
  };
  return map.nodes.map((node) => {
    const around = map.edges.filter((edge) => (node.is_client ? edge.from : edge.to) === node.id);
    const own = node.calls.total > 0;
    const only = own ? node.calls : around.length === 1 ? around[0]?.calls : undefined;
    return {
      id: node.id,
      key: keyOf(node),
      name: node.name,
      kind: node.kind ?? undefined,
      isClient: node.is_client,
      reports: node.reports,
      counts: own ? node.calls : around.reduce((sum, edge) => add(sum, edge.calls), NONE),
      p50: lengthMs(only?.p50_ns),
      p95: lengthMs(only?.p95_ns),
    };
  });
}

/** Nodes within `hops` edges of `start`, in either direction, itself too. */
export function near(edges: readonly MapEdge[], start: number, hops: number): Set<number> {
  const found = new Set([start]);
  let rim = [start];
  for (let hop = 0; hop < hops && rim.length > 0; hop++) {
    const next: number[] = [];
    for (const { from, to } of edges) {
      for (const [here, there] of [
        [from, to],
        [to, from],
      ] as const) {
        if (rim.includes(here) && !found.has(there)) {
          found.add(there);
          next.push(there);
        }
      }
    }
    rim = next;
  }
  return found;
}

/** The part to be drawn: around the focus, and of that those with most calls, the focus first. */
export function picture(map: ServiceMap, focus: string | undefined, hops: number | undefined): Picture {
  const all = placesOf(map);
  const centre = all.find((place) => place.key === focus);
  const close = centre && hops !== undefined ? near(map.edges, centre.id, hops) : undefined;
  const within = all.filter((place) => close?.has(place.id) ?? true);
  const weight = (place: Place) => (place === centre ? Number.POSITIVE_INFINITY : place.counts.total);
  const kept =
    within.length <= MOST_NODES
      ? within
      : within.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_NODES);
  const ids = new Set(kept.map((place) => place.id));
  return {
    places: kept,
    edges: map.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to)),
    left: within.length - kept.length,
  };
}

/** Hops as the address says them; `undefined`: all. */
export function hopsOf(text: string | undefined): number | undefined {
  return text === '1' ? 1 : text === 'all' ? undefined : 2;
}

/** Minutes of the map's range. */
export function minutesOf(map: ServiceMap): number {
  return Number(BigInt(map.end_ns) - BigInt(map.start_ns)) / 60e9;
}

/** `722/min`; what is rarer than once a minute is told as a number of calls. */
export function rate(calls: number, minutes: number): string {
  const each = calls / minutes;
  if (each >= 1) return `${short(Math.round(each))}/min`;
  return calls === 1 ? '1 call' : `${short(calls)} calls`;
}

/** What went wrong most, in words: `5xx 2.4 %`; nothing when nothing did. */
export function worst(counts: Counts): { key: 'fault' | 'throttle' | 'error'; text: string } | undefined {
  for (const key of ['fault', 'throttle', 'error'] as const) {
    const name = OUTCOMES.find((one) => one.key === key)?.name ?? key;
    if (counts[key] > 0) return { key, text: `${name} ${share(counts[key], counts.total)}` };
  }
  return undefined;
}

export const SORTS = ['name', 'calls', 'p50', 'p95', 'error', 'throttle', 'fault'] as const;
export type Sort = (typeof SORTS)[number];

/** `-p95` → p95, descending; nonsense is most calls first. */
export function sortOf(text: string | undefined): { by: Sort; down: boolean } {
  const down = text?.startsWith('-') ?? true;
  const by = SORTS.find((one) => one === text?.replace(/^-/, ''));
  return by ? { by, down } : { by: 'calls', down: true };
}

/** Rows of the table in order; what is not known comes last either way. */
export function sorted(places: readonly Place[], { by, down }: { by: Sort; down: boolean }): Place[] {
  const value = (place: Place): number | undefined => {
    if (by === 'p50' || by === 'p95') return place[by];
    if (by === 'calls') return place.counts.total;
    return by === 'name' || place.counts.total === 0 ? undefined : place.counts[by] / place.counts.total;
  };
  const sign = down ? -1 : 1;
  return places.toSorted((a, b) => {
    const names = a.key.localeCompare(b.key);
    if (by === 'name') return sign * names;
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined) || names;
    return sign * (x - y) || names;
  });
}
