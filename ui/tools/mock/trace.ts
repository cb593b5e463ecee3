import type { Request, RequestRow } from '../../src/api/types.ts';
import { answerOf, type FixtureRow, randomRows, spanId } from '../../src/pages/trace/fixture.ts';

const ms = 1e6;
const span = (
  id: string,
  parent: string | undefined,
  name: string,
  service: string,
  start: number,
  length: number,
  more: Partial<FixtureRow> = {},
): FixtureRow => ({
  id,
  ...(parent ? { parent } : {}),
  name,
  service,
  start: start * ms,
  length: length * ms,
  ...more,
});

/** One request of Cruddur with every kind of row the waterfall knows. */
const home: FixtureRow[] = [
  span('root', undefined, 'GET /api/activities/home', 'backend-flask', 0, 212, {
    status: 'error',
    kind: 'server',
  }),
  span('auth', 'root', 'auth.verify_token', 'backend-flask', 4.5, 36),
  span('ver', 'auth', 'GET /verify', 'auth', 8, 29),
  span('sql', 'ver', 'SELECT cruddur.users', 'postgres', 13, 16),
  span('jwt', 'ver', 'jwt.decode', 'auth', 29, 6),
  span('home', 'root', 'home-activities-mock-data', 'backend-flask', 44, 154),
  span('q1', 'home', 'Query cruddur-messages', 'dynamodb', 50, 62, { http: 429 }),
  span('q2', 'home', 'Query cruddur-messages', 'dynamodb', 122, 67, { status: 'error' }),
  { id: 'home', name: 'INFO Test log', service: 'cruddur', table: 'logs', start: 45.2 * ms },
  span('http', 'home', 'http-home-activities', 'backend-flask', 190, 6.5),
  span('fin', 'root', 'app.finalize_response', 'backend-flask', 198.2, 8.6),
  span('push', 'lost', 'POST /notifications', 'notifications', 66, 58),
  span('late', 'push', 'deliver', 'notifications', 118, 20),
  { parent: 'home', name: 'cache miss', service: 'backend-flask', note: 'span_event', start: 58 * ms },
  { parent: 'home', name: 'exception', service: 'backend-flask', note: 'span_event', start: 121 * ms },
  { parent: 'push', name: 'producer', service: 'notifications', note: 'link', start: 66 * ms },
];

/** `GET …/traces/{id}`: the request above, or as many random spans as the id's last digits say after `f`s. */
export function trace(id: string): unknown {
  const large = /f([0-9]+)$/u.exec(id)?.[1];
  return answerOf(large ? randomRows(Number(large)).map((row) => ({ ...row, id: row.id ?? '' })) : home);
}

const BASE = 1_760_000_000_000_000_000n;
const joined = (n: number, start: number, more: Partial<RequestRow>): RequestRow => ({
  event_id: `f${n.toString(16).padStart(31, '0')}`,
  ts_ns: String(BASE + BigInt(Math.round(start * ms))),
  dataset: 'logs-cruddur',
  source: 'lines',
  table: 'logs',
  in_progress: false,
  join: 3,
  ...more,
});
const segment = (
  id: string,
  parent: string | null,
  name: string,
  start: number,
  length: number,
): RequestRow =>
  joined(id.charCodeAt(0), start, {
    source: 'segments',
    table: 'spans',
    join: 1,
    service: 'backend-flask',
    dataset: 'xray',
    name,
    span_id: spanId(`x${id}`),
    parent_id: parent ? spanId(`x${parent}`) : null,
    trace_id: '673db1a35c1fa2d07d8c0b3e6f4b2a19',
    duration_ns: length < 0 ? null : String(Math.round(length * ms)),
    in_progress: length < 0,
  });

/** `GET /request` */
export function request(): Request {
  const reason = 'no shared id; as the span: GET, /api/activities/home, status 500; nothing else fits';
  return {
    start_ns: String(BASE),
    end_ns: String(BASE + 212_000_000n),
    joins: [
      { tier: 'asked', source: 'spans', score: 1, reason: 'the span asked for, with its trace' },
      { tier: 'assignment', source: 'segments', score: 0.96, reason, to: 0 },
      { tier: 'text', source: 'lines', score: 1, reason: 'its text holds the trace id 5c1fa2…', to: 0 },
      { tier: 'assignment', source: 'lines', score: 0.923, reason, to: 0 },
      { tier: 'assignment', source: 'occurrences', score: 0.81, reason, to: 0 },
      { tier: 'id', source: 'lines', score: 1, reason: 'the same trace id 5c1fa2… as the span', to: 0 },
    ],
    notices: [],
    rows: [
      segment('a', null, 'backend-flask', 1, 209),
      segment('b', 'a', 'activities_home', 43, 155),
      { ...segment('c', 'b', 'DynamoDB Query', 120, 69), http_status: 429 },
      segment('d', 'b', 'notify', 150, -1),
      joined(1, 112.6, {
        join: 2,
        body: 'WARN throttled, retry in 10 ms trace_id=5c1fa2…',
        severity: 'WARN',
      }),
      joined(2, 210.8, { body: 'ERROR 172.18.0.1 GET http /api/activities/home 500', severity: 'ERROR' }),
      joined(3, 203.4, {
        source: 'occurrences',
        table: 'errors',
        join: 4,
        name: 'TypeError: view returned None',
        service: 'dev',
        dataset: 'rollbar-dev',
        status: 'error',
      }),
    ],
    unattached: [
      {
        event_id: 'e'.repeat(32),
        ts_ns: String(BASE + 47_000_000n),
        dataset: 'logs-cruddur',
        body: 'DEBUG mock data built, 3 rows',
        source: 'lines',
        score: 0.55,
        reason: 'no shared id; as the span: service; 1 other fits less',
      },
    ],
    stats: {
      rows_examined: 0,
      bytes_total: 0,
      bytes_scanned: 0,
      parts_total: 0,
      parts_skipped: 0,
      elapsed_us: 0,
    },
    threshold: 0.8,
  };
}

/** `GET …/rows/{event_id}` */
export function row(eventId: string): unknown {
  const n = Number.parseInt(eventId.slice(-6), 16) - 1;
  const found = home[n];
  return {
    event_id: eventId,
    ts_ns: String(BASE),
    table: 'spans',
    dataset: 'backend-flask',
    fields: {
      'app.handle': 'andrewbrown',
      'app.now': '2026-11-20T10:02:11.249+00:00',
      'app.result_length': 3,
      'http.response.status_code': 500,
      'library.name': 'home.activities',
      'meta.source': 'otlp',
      'service.name': found?.service ?? 'backend-flask',
      'service.version': 'v42',
      'span.kind': found?.kind ?? 'internal',
      'trace.parent_id': '8b0e44d17f2a9c31',
      'trace.span_id': 'd1c07ae93b5f2286',
      name: found?.name ?? '',
      'hostile <b>name</b>': '<img src=x onerror=alert(1)>',
      ...(found?.name === 'exception'
        ? {
            'exception.message': "TypeError: 'NoneType' object is not subscriptable",
            'exception.stacktrace':
              'Traceback (most recent call last):\n  File "app.py", line 12, in home\n    return rows[0]',
          }
        : {}),
      ...(found?.note === 'link'
        ? {
            'trace.link.trace_id': '0af7651916cd43dd8448eb211c80319c',
            'trace.link.span_id': 'b7ad6b7169203331',
          }
        : {}),
    },
  };
}
