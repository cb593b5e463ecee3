import { describe, expect, it } from 'vitest';
import type { MapCalls, ServiceMap } from '@/api/types.ts';
import { drawn } from './drawn.ts';
import { layOut } from './layout.ts';
import { hopsOf, MOST_NODES, near, picture, placesOf, rate, sorted, sortOf, worst } from './model.ts';
import { arcPath, arcs } from './ring.ts';
import { edgePath } from './way.ts';

const calls = (over: Partial<MapCalls> = {}): MapCalls => ({
  ok: 0,
  error: 0,
  throttle: 0,
  fault: 0,
  total: 0,
  ...over,
});

const node = (id: number, name: string, over: Partial<ServiceMap['nodes'][number]> = {}) => ({
  id,
  name,
  is_root: false,
  is_client: false,
  reports: true,
  calls: calls({ ok: 10 - id, total: 10 - id, p50_ns: '1000000', p95_ns: '5000000' }),
  ...over,
});

const map = (over: Partial<ServiceMap> = {}): ServiceMap => ({
  start_ns: '0',
  end_ns: '600000000000',
  nodes: [
    node(0, 'client', { is_client: true, reports: false, calls: calls() }),
    node(1, 'web'),
    node(2, 'api'),
    node(3, 'db', { reports: false, calls: calls(), kind: 'Database::SQL' }),
  ],
  edges: [
    { from: 0, to: 1, calls: calls({ ok: 9, total: 9, p50_ns: '2000000' }) },
    { from: 1, to: 2, calls: calls({ ok: 8, total: 8 }) },
    { from: 2, to: 3, calls: calls({ ok: 6, fault: 1, total: 7, p50_ns: '3000000', p95_ns: '4000000' }) },
  ],
  traces: 9,
  traces_seen: 9,
  partial: false,
  ...over,
});

describe('places', () => {
  it('take what a node says itself, else what its only caller saw', () => {
    const [client, web, , db] = placesOf(map());
    expect(web).toMatchObject({ p50: 1, p95: 5, counts: { total: 9 } });
    expect(db).toMatchObject({ p50: 3, p95: 4, counts: { total: 7, fault: 1 } });
    expect(client).toMatchObject({ counts: { total: 9 }, p50: 2 });
  });
  it('add the counts of several callers, and no percentiles', () => {
    const two = map();
    two.edges.push({ from: 1, to: 3, calls: calls({ error: 2, total: 2, p50_ns: '9000000' }) });
    const db = placesOf(two)[3];
    expect(db?.counts).toEqual({ ok: 6, error: 2, throttle: 0, fault: 1, total: 9 });
    expect(db?.p50).toBeUndefined();
  });
  it('are told apart by kind when they share a name', () => {
    const same = map({ nodes: [node(0, 'cache'), node(1, 'cache', { kind: 'redis' }), node(2, 'api')] });
    expect(placesOf(same).map((one) => one.key)).toEqual(['cache (0)', 'cache (redis)', 'api']);
    const from = (id: number, name: string) => node(id, name, { is_client: true, kind: 'client' });
    const keys = (nodes: ServiceMap['nodes']) => placesOf(map({ nodes, edges: [] })).map((one) => one.key);
    expect(keys([from(0, 'web'), node(1, 'web')])).toEqual(['client', 'web']);
    expect(keys([from(0, 'web'), from(1, 'api')])).toEqual(['client of web', 'client of api']);
  });
});

describe('focus', () => {
  it.each([
    [0, [1]],
    [1, [0, 1, 2]],
    [2, [0, 1, 2, 3]],
  ])('%i hops from web', (hops, want) => {
    expect([...near(map().edges, 1, hops)].sort()).toEqual(want);
  });
  it('cuts nodes and edges, and an unknown one cuts nothing', () => {
    const cut = picture(map(), 'db', 1);
    expect(cut.places.map((place) => place.name)).toEqual(['api', 'db']);
    expect(cut.edges).toHaveLength(1);
    expect(picture(map(), 'gone', 1).places).toHaveLength(4);
    expect([hopsOf('1'), hopsOf(undefined), hopsOf('all')]).toEqual([1, 2, undefined]);
  });
  it('leaves the busiest when there are too many, and the focus', () => {
    const nodes = Array.from({ length: MOST_NODES + 3 }, (_, id) =>
      node(id, `s${id}`, { calls: calls({ ok: id + 1, total: id + 1 }) }),
    );
    const many = picture(map({ nodes, edges: [] }), 's0', undefined);
    expect(many.places).toHaveLength(MOST_NODES);
    expect(many.left).toBe(3);
    expect(many.places.some((place) => place.name === 's0')).toBe(true);
    expect(many.places.some((place) => place.name === 's2')).toBe(false);
  });
});

describe('words', () => {
  it.each([
    [7220, 10, '722/min'],
    [3, 60, '3 calls'],
    [1, 60, '1 call'],
  ])('%i calls in %i minutes', (n, minutes, want) => {
    expect(rate(n, minutes)).toBe(want);
  });
  it('name what is worst', () => {
    expect(worst(calls({ ok: 96, throttle: 4, total: 100 }))?.text).toBe('429 4 %');
    expect(worst(calls({ ok: 95, fault: 1, error: 4, total: 100 }))?.text).toBe('5xx 1 %');
    expect(worst(calls({ ok: 5, total: 5 }))).toBeUndefined();
  });
});

describe('the table', () => {
  it('sorts by any column, what is unknown last', () => {
    const places = placesOf(map());
    const names = (sort: string) => sorted(places, sortOf(sort)).map((place) => place.name);
    expect(names('name')).toEqual(['api', 'client', 'db', 'web']);
    expect(names('-fault')[0]).toBe('db');
    expect(names('p95').at(-1)).toBe('client');
    expect(names('-p95').at(-1)).toBe('client');
    expect(sortOf('nonsense')).toEqual({ by: 'calls', down: true });
  });
});

describe('rings', () => {
  it('are whole with one outcome and never hide a small one', () => {
    expect(arcs(calls({ ok: 7, total: 7 }))).toMatchObject([{ key: 'ok', whole: true }]);
    const two = arcs(calls({ ok: 9999, fault: 1, total: 10_000 }));
    expect(two.map((arc) => arc.key)).toEqual(['ok', 'fault']);
    const fault = two[1];
    expect((fault?.to ?? 0) - (fault?.from ?? 0)).toBeGreaterThan(0.15);
    expect(arcs(calls())).toEqual([]);
  });
  it('begin at the top and go clockwise', () => {
    const path = arcPath({ key: 'ok', from: 0, to: Math.PI / 2, whole: false }, 10, 4);
    expect(path).toBe('M0.00 -10.00A10 10 0 0 1 10.00 -0.00L6.00 -0.00A6 6 0 0 0 0.00 -6.00Z');
  });
});

describe('layout', () => {
  it('puts callers left of callees, without overlap, and survives cycles and self-calls', () => {
    const looped = map();
    looped.edges.push({ from: 3, to: 1, calls: calls() }, { from: 2, to: 2, calls: calls() });
    const ask = drawn(picture(looped, undefined, undefined));
    const laid = layOut(ask);
    const x = laid.nodes.map((point) => point.x);
    expect(x[0]).toBeLessThan(x[1] ?? 0);
    expect(x[1]).toBeLessThan(x[2] ?? 0);
    expect(laid.edges.at(-1)).toEqual([]);
    for (let i = 0; i < laid.nodes.length; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [laid.nodes[i], laid.nodes[j]];
        const gap = Math.hypot((a?.x ?? 0) - (b?.x ?? 0), (a?.y ?? 0) - (b?.y ?? 0));
        expect(gap).toBeGreaterThan((ask.nodes[i]?.radius ?? 0) + (ask.nodes[j]?.radius ?? 0));
      }
    }
    expect(layOut({ nodes: [], edges: [] })).toMatchObject({ nodes: [], edges: [] });
  });
  it('leads edges from ring to ring', () => {
    const way = edgePath(
      [
        { x: 0, y: 50 },
        { x: 200, y: 50 },
      ],
      30,
      40,
      0,
    );
    expect(way?.d).toBe('M34 50C94 50 94 50 154 50');
    expect(way?.label).toEqual({ x: 94, y: 43 });
  });
});
