import { answerOf, type FixtureRow, randomRows } from '../../src/pages/trace/fixture.ts';

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
  span('q1', 'home', 'Query cruddur-messages', 'dynamodb', 50, 62),
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

/** `GET …/rows/{event_id}` */
export function row(eventId: string): unknown {
  const n = Number.parseInt(eventId.slice(-6), 16) - 1;
  const found = home[n];
  return {
    event_id: eventId,
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
