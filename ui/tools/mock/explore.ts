import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer, Facets, Heatmap, QuerySpec, Row } from '../../src/api/types.ts';

/** Made-up requests of a micro-blog: most take 60 to 200 ms, one route is slow for one handle for a while. */
const ROUTES = [
  '/api/messages/@<handle>',
  '/api/activities/search',
  '/api/message_groups',
  '/api/activities/home',
  '/api/activities/@<handle>',
  '/api/activities/notifications',
];
const HANDLES = ['andrewbrown', 'bayko', 'lore', 'worf'];

function rng(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const bell = (v: number, m: number, s: number) => Math.exp(-((v - m) ** 2) / (2 * s * s));
const isSlow = (f: number) => f > 0.52 && f < 0.59;

function heatmap(buckets: number, seed: number, scale: number): Heatmap {
  const r = rng(seed);
  const bins = 56;
  const edge = (i: number) => 10 ** (0.7 + (i / bins) * 3.1);
  const cells: number[] = [];
  let peak = 0;
  for (let i = 0; i < buckets; i++) {
    const f = i / buckets;
    const load = (0.75 + 0.25 * Math.sin(f * 5 + 1) + 0.12 * Math.sin(f * 31)) * scale;
    for (let j = 0; j < bins; j++) {
      const lg = 0.7 + ((j + 0.5) / bins) * 3.1;
      let n =
        260 * load * bell(lg, 2.03 + 0.05 * Math.sin(f * 9), 0.07) +
        46 * load * bell(lg, 2.28, 0.13) +
        90 * load * bell(lg, 1.02, 0.05) +
        1.6 * bell(lg, 1.5, 0.22) +
        0.25 * bell(lg, 3.2, 0.3);
      if (isSlow(f)) n += 60 * bell(lg, 3.32, 0.12);
      n *= 0.45 + r() * 1.1;
      if (n < 1 && r() > n) continue;
      const count = Math.max(1, Math.round(n));
      peak = Math.max(peak, count);
      cells.push(i, j, count);
    }
  }
  return {
    min: Array.from({ length: bins }, (_, i) => edge(i)),
    max: Array.from({ length: bins }, (_, i) => edge(i + 1)),
    cells,
    peak,
  };
}

function answerTo(query: QuerySpec): Answer {
  const now = Date.now();
  const start = query.start_time == null ? now - (query.time_range ?? 7200) * 1000 : query.start_time * 1000;
  const end = query.end_time == null ? now : query.end_time * 1000;
  const step =
    [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400].find((s) => (end - start) / 1000 / s <= 240) ?? 86400;
  const first = Math.floor(start / 1000 / step) * step * 1000;
  const buckets = Math.ceil((end - first) / 1000 / step);
  const calculations = (query.calculations ?? []).map((one) => ({
    label: one.column === undefined ? one.op : `${one.op}(${one.column})`,
    op: one.op,
    column: one.column ?? null,
  }));
  const breakdowns = query.breakdowns ?? [];
  const groups = breakdowns.length > 0 ? ROUTES.slice(0, query.limit ?? 100) : ['all'];
  const results: Row[] = [];
  const series = groups.map((name, g) => {
    const r = rng(g + 7);
    const row: Row = Object.fromEntries(breakdowns.map((field) => [field, name]));
    const lines = calculations.map((one, c) => {
      if (one.op === 'HEATMAP')
        return { kind: 'heatmap' as const, ...heatmap(buckets, 7 + g, 1 / groups.length) };
      const base = one.op === 'COUNT' ? 1200 / groups.length : 60 * (g + 1);
      let drift = 0;
      const values = Array.from({ length: buckets }, (_, i) => {
        drift = drift * 0.85 + (r() - 0.5) * 0.2;
        const f = i / buckets;
        const bump =
          one.op !== 'COUNT' && g === 0 && isSlow(f) ? 2600 * Math.sin(((f - 0.52) / 0.07) * Math.PI) : 0;
        return base * (1 + drift) + Math.max(0, bump);
      }).map((v) => (one.op === 'COUNT' ? Math.round(v) : v));
      row[one.label] = one.op === 'COUNT' ? values.reduce((a, b) => a + b, 0) : Math.max(...values);
      void c;
      return { kind: 'numbers' as const, values };
    });
    results.push(row);
    return { lines };
  });
  const whole = {
    lines: calculations.map((one, c) =>
      one.op === 'HEATMAP'
        ? { kind: 'heatmap' as const, ...heatmap(buckets, 7, 1) }
        : (series[0]?.lines[c] ?? { kind: 'numbers' as const, values: [] }),
    ),
  };
  return {
    asked: { query, text: '' },
    start_ns: `${Math.round(start)}000000`,
    end_ns: `${Math.round(end)}000000`,
    step_ns: `${step}000000000`,
    first_bucket_ns: `${first}000000`,
    buckets,
    calculations,
    breakdowns,
    results,
    series,
    total: results[0] ?? {},
    total_series: breakdowns.length > 0 ? whole : null,
    other: null,
    groups_seen: results.length,
    approximate: false,
    notices: [],
    stats: {
      rows_examined: 3_214_880,
      bytes_total: 1.1e9,
      bytes_scanned: 412e6,
      parts_total: 50,
      parts_skipped: 31,
      elapsed_us: 612_000,
    },
  };
}

const FACETS: [string, number, [string | null, number, number][]][] = [
  [
    'app.handle',
    0.91,
    [
      ['andrewbrown', 92, 1],
      ['bayko', 4, 31],
      ['lore', 2, 24],
      [null, 1, 38],
    ],
  ],
  [
    'http.target',
    0.82,
    [
      ['/api/messages/@andrewbrown', 88, 6],
      ['/api/activities/home', 7, 58],
      ['/api/message_groups', 4, 12],
      ['/api/activities/notifications', 1, 17],
    ],
  ],
  [
    'service.version',
    0.74,
    [
      ['v42', 99, 25],
      ['v41', 1, 75],
    ],
  ],
  [
    'http.status_code',
    0.31,
    [
      ['200', 63, 94],
      ['500', 31, 0.8],
      ['429', 6, 0.3],
      ['304', 0, 5],
    ],
  ],
  [
    'error.type',
    0.29,
    [
      [null, 69, 98],
      ['TypeError', 28, 0.6],
      ['Throttling', 3, 0.3],
    ],
  ],
  [
    'host.name',
    0.08,
    [
      ['cruddur-1', 36, 34],
      ['cruddur-2', 34, 33],
      ['cruddur-3', 30, 33],
    ],
  ],
];

function facets(chosen: boolean): Facets {
  const [selected, baseline] = chosen ? [1204, 3_213_676] : [0, 3_214_880];
  const bins = (mu: number, sd: number) =>
    Array.from({ length: 36 }, (_, i) => ({
      min: 5 * 1.22 ** i,
      max: 5 * 1.22 ** (i + 1),
      count: Math.round(1000 * bell(i / 36, mu, sd)),
    }));
  const fields: Facets['fields'] = FACETS.map(([field, difference, bars]) => ({
    field,
    difference,
    is_id: false,
    shape: {
      kind: 'values',
      bars: bars.map(([value, s, b]) => ({
        value,
        selected: Math.round((selected * s) / 100),
        baseline: Math.round((baseline * b) / 100),
      })),
      others: [0, 0],
      distinct: bars.length,
    },
  }));
  fields.splice(2, 0, {
    field: 'duration_ms',
    difference: 0.79,
    is_id: false,
    shape: { kind: 'measure', selected: bins(0.85, 0.055), baseline: bins(0.42, 0.1) },
  });
  fields.splice(4, 0, {
    field: 'db.rows_read',
    difference: 0.68,
    is_id: false,
    shape: { kind: 'measure', selected: bins(0.82, 0.05), baseline: bins(0.3, 0.12) },
  });
  return {
    selected,
    baseline,
    fields,
    fields_total: 64,
    rows_looked_at: 3_214_880,
    sampled: false,
    stats: answerTo({}).stats,
  };
}

function rows(): Row[] {
  const r = rng(3);
  const now = Date.now();
  return Array.from({ length: 800 }, (_, i) => {
    const route = ROUTES[Math.floor(r() * ROUTES.length)] ?? '';
    return {
      timestamp_ns: `${now - i * 431}123456`,
      dataset: 'backend-flask',
      event_id: i.toString(16).padStart(32, '0'),
      name: `GET ${route}`,
      'service.name': 'backend-flask',
      duration_ms: Math.round(r() * 300_000) / 1000,
      error: r() > 0.97,
      'app.handle': HANDLES[Math.floor(r() * HANDLES.length)] ?? '',
      'http.status_code': r() > 0.97 ? 500 : 200,
      hostile: '<img src=x onerror=alert(1)>',
      'trace.trace_id': i.toString(16).padStart(32, 'a'),
      'trace.span_id': i.toString(16).padStart(16, 'b'),
    };
  });
}

const FIELDS = [
  'app.handle',
  'app.result_length',
  'duration_ms',
  'error',
  'http.route',
  'http.status_code',
  'http.target',
  'name',
  'service.name',
  'service.version',
  'trace.trace_id',
  'Sample Rate',
];

async function bodyOf(request: IncomingMessage): Promise<{ query?: QuerySpec; selection?: unknown }> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

/** Answers Explore's requests; false when it is another page's. */
export function answerExplore(request: IncomingMessage, response: ServerResponse): boolean {
  const [path = '', search = ''] = (request.url ?? '').split('?');
  const json = (body: unknown) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  if (/\/datasets$/.test(path)) {
    json({
      datasets: ['backend-flask', 'cruddur-logs'].map((slug) => ({
        slug,
        name: slug,
        kind: 'service',
        created_ns: '1',
        last_written_ns: `${Date.now()}000000`,
        rows: 148_206,
      })),
    });
  } else if (/\/fields$/.test(path)) {
    json({
      fields: FIELDS.map((name) => ({
        name,
        types: [/duration|length|code|Rate/.test(name) ? 'float' : 'string'],
        last_seen_ns: null,
        rows: 100,
      })),
    });
  } else if (/\/values$/.test(path)) {
    const prefix = new URLSearchParams(search).get('prefix') ?? '';
    json({
      values: [...HANDLES, ...ROUTES]
        .filter((one) => one.startsWith(prefix))
        .map((value, i) => ({ value, count: 900 - i * 70 })),
    });
  } else if (path === '/query') {
    void bodyOf(request).then(async ({ query = {} }) => {
      const answer = answerTo(query);
      const empty = query.filters?.some((one) => one.value === 'nothing');
      if (empty)
        answer.series = answer.series.map((one) => ({
          lines: one.lines.map(() => ({ kind: 'numbers', values: [] })),
        }));
      if (!request.headers.accept?.includes('ndjson')) return json(answer);
      const line = (event: unknown) => response.write(`${JSON.stringify(event)}\n`);
      line({ kind: 'plan', query, text: '' });
      const wait = Number(process.env.FOURSIGHT_MOCK_WAIT ?? 0);
      for (let i = 1; i < 10 && wait > 0; i++) {
        await new Promise((done) => setTimeout(done, wait / 10));
        line({
          kind: 'progress',
          stats: { ...answer.stats, bytes_scanned: 41e6 * i, rows_examined: 321_000 * i },
        });
      }
      line({ kind: 'done', answer });
      response.end();
    });
  } else if (path === '/bubble_up') {
    void bodyOf(request).then(({ selection }) => json(facets(selection !== undefined)));
  } else if (path === '/rows') {
    json({ rows: rows(), more: true, stats: answerTo({}).stats });
  } else if (path === '/traces') {
    json({
      traces: ROUTES.map((route, i) => ({
        trace_id: `${i}`.padStart(32, 'a'),
        root_service: 'backend-flask',
        root_name: `GET ${route}`,
        start_ns: `${Date.now()}000000`,
        duration_ns: `${(9 - i) * 400_000_000}`,
        error: i === 1,
        spans: 14 - i,
        errors: i === 1 ? 1 : 0,
        services: [
          { service: 'backend-flask', spans: 10 - i },
          { service: 'auth', spans: 4 },
        ],
      })),
    });
  } else {
    return false;
  }
  return true;
}
