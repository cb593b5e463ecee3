// One request of an app that is instrumented four times over, as its four clients send it.

import { randomUUID } from 'node:crypto';
import { logsCall } from './aws.ts';
import { postItem, type SentItem } from './items.ts';
import { type SentSpan, send, spanId, traceId } from './otlp.ts';
import type { Target } from './server.ts';
import { sendSegments, xrayTraceId } from './xray.ts';

export interface Story {
  trace: string;
  /** The other trace of the same request, as 32 hex digits. */
  xray: string;
  path: string;
  group: string;
  ids: { root: string; home: string };
  /** Title of the item. */
  item: string;
}

export interface Told {
  /** Makes the path, the group and the item the story's own. */
  run: string;
  service?: string;
  /** Stands at the end of lines, names and the item. */
  text?: string;
}

const CLIENT = '172.18.0.1';

/** Sends it: spans and lines by id, one line by an id in its text, segments, a line and an error by no id at all. */
export async function sendStory(
  target: Target,
  { run, service = 'backend-flask', text = '' }: Told,
): Promise<Story> {
  const began = Date.now() - 400;
  const path = `/api/activities/home/${run}`;
  const group = `e2e-story-${run}`;
  const ids = { root: spanId(), home: spanId() };
  const trace = traceId();
  const requestId = randomUUID();
  const http = {
    'http.request.method': 'GET',
    'url.path': path,
    'http.route': '/api/activities/home',
    'http.response.status_code': 500,
    'client.address': CLIENT,
    request_id: requestId,
  };
  const span = (
    name: string,
    parent: string,
    start: number,
    length: number,
    more: Partial<SentSpan> = {},
  ): SentSpan => ({ id: spanId(), parent, name, service, start, length, ...more });
  const auth = spanId();
  const spans: SentSpan[] = [
    { id: ids.root, name: `GET ${path}`, service, start: 0, length: 212, failed: true, attributes: http },
    span('auth.verify_token', ids.root, 4.5, 36, { id: auth }),
    span('GET /verify', auth, 8, 29, { service: `${service}-auth` }),
    span(`home-activities-mock-data${text}`, ids.root, 44, 154, {
      id: ids.home,
      attributes: {
        'app.result_length': 3,
        'app.handle': 'andrewbrown',
        'app.now': '2026-11-20T10:02:11+00:00',
      },
      events: [{ name: 'cache miss', at: 58 }],
    }),
    span('Query cruddur-messages', ids.home, 50, 62, {
      service: 'dynamodb',
      attributes: { 'http.response.status_code': 429 },
    }),
    span('Query cruddur-messages', ids.home, 122, 67, { service: 'dynamodb' }),
    span('http-home-activities', ids.home, 190, 6.5),
    span('app.finalize_response', ids.root, 198.2, 8.6),
    span('POST /notifications', spanId(), 66, 58, { service: 'notifications' }),
  ];
  await send(target, trace, spans, Date.now() - began);

  const other = xrayTraceId(began);
  const at = (ms: number) => (began + ms) / 1000;
  const sub = spanId();
  const open = spanId();
  await sendSegments(
    target,
    [
      {
        name: service,
        id: spanId(),
        trace_id: other.id,
        start_time: at(1),
        end_time: at(210),
        fault: true,
        http: {
          request: { method: 'GET', url: `http://localhost:4567${path}`, client_ip: CLIENT },
          response: { status: 500 },
        },
        subsegments: [
          { name: `activities_home${text}`, id: sub, start_time: at(43), end_time: at(198) },
          {
            name: 'DynamoDB Query',
            id: spanId(),
            namespace: 'aws',
            start_time: at(120),
            end_time: at(189),
            throttle: true,
            error: true,
            http: { response: { status: 429 } },
          },
          { name: 'notify', id: open, start_time: at(150), in_progress: true },
        ],
      },
    ],
    other.hex,
  );

  const stream = { logGroupName: group, logStreamName: 'backend-flask/1' };
  await logsCall(target.url, 'CreateLogGroup', { logGroupName: group });
  await logsCall(target.url, 'CreateLogStream', stream);
  const line = (ms: number, message: string) => ({ timestamp: Math.round(began + ms), message });
  await logsCall(target.url, 'PutLogEvents', {
    ...stream,
    logEvents: [
      line(
        46,
        JSON.stringify({ level: 'INFO', trace_id: trace, span_id: ids.home, message: `Test log${text}` }),
      ),
      line(59, `DEBUG cache miss request_id=${requestId}${text}`),
      line(112, `WARN throttled, retry in 10 ms trace_id=${trace}${text}`),
      line(211, `ERROR ${CLIENT} GET http ${path} 500${text}`),
    ],
  });
  const item: SentItem = {
    type: `Type${run}Error`,
    message: `view returned None${text}`,
    more: { request: { url: `http://localhost:4567${path}`, method: 'GET', user_ip: CLIENT } },
  };
  const answer = await postItem(target, target.token, item);
  if (!answer.ok) throw new Error(`the item was refused: ${answer.status} ${await answer.text()}`);
  return { trace, xray: other.hex, path, group, ids, item: `${item.type}: ${item.message}` };
}

/** Two requests at one time on one path, and one line of either of them: nobody can tell of which. */
export async function sendTwins(target: Target, run: string): Promise<{ trace: string }> {
  const began = Date.now() - 400;
  const path = `/same/${run}`;
  const root = (): SentSpan => ({
    id: spanId(),
    name: `GET ${path}`,
    service: 'e2e-twins',
    start: 0,
    length: 40,
    attributes: { 'http.request.method': 'GET', 'url.path': path, 'http.response.status_code': 200 },
  });
  const [trace, twin] = [traceId(), traceId()];
  await send(target, trace, [root()], Date.now() - began);
  await send(target, twin, [root()], Date.now() - began);
  const group = `e2e-twins-${run}`;
  const stream = { logGroupName: group, logStreamName: '1' };
  await logsCall(target.url, 'CreateLogGroup', { logGroupName: group });
  await logsCall(target.url, 'CreateLogStream', stream);
  await logsCall(target.url, 'PutLogEvents', {
    ...stream,
    logEvents: [{ timestamp: began + 40, message: `INFO 172.18.0.1 GET http ${path} 200` }],
  });
  return { trace };
}
