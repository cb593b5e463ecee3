// The other three, next to OpenTelemetry and events: what each client is told, and what keeps it silent.

import type { KeyKind } from '@/api/types.ts';
import { CLIENTS, LANGUAGES, type Line, quoted, type What } from './model.ts';

/** How a source is called, which key it carries and which deliveries are its. */
export interface Source {
  what: What;
  name: string;
  words: string;
  /** What one of what it sends is called. */
  thing: string;
  /** The kind of key its client carries; none where none is asked. */
  key: KeyKind | undefined;
  protocols: readonly string[];
}

export const SOURCES: readonly Source[] = [
  {
    what: 'otel',
    name: 'OpenTelemetry',
    words: 'spans, lines, metrics',
    thing: 'span',
    key: 'ingest',
    protocols: ['otlp/http', 'otlp/grpc'],
  },
  {
    what: 'xray',
    name: 'X-Ray',
    words: 'segments, port 2000',
    thing: 'segment',
    key: undefined,
    protocols: ['xray', 'xray/daemon'],
  },
  {
    what: 'logs',
    name: 'CloudWatch Logs',
    words: 'watchtower, CLI',
    thing: 'line',
    key: 'signing',
    protocols: ['logs'],
  },
  {
    what: 'rollbar',
    name: 'Rollbar',
    words: 'errors, messages',
    thing: 'occurrence',
    key: 'project',
    protocols: ['rollbar'],
  },
  {
    what: 'events',
    name: 'Events API',
    words: 'libhoney, JSON',
    thing: 'event',
    key: 'ingest',
    protocols: ['events'],
  },
];

export const sourceOf = (what: What): Source =>
  SOURCES.find((one) => one.what === what) ?? (SOURCES[0] as Source);

/** What a client signs or sends with; an id only where it has two parts. */
export interface Credential {
  id?: string | undefined;
  secret: string;
}

export const ROLLBAR_CLIENTS: readonly { value: string; label: string }[] = [
  { value: 'python', label: 'Python' },
  { value: 'node', label: 'Node.js' },
  { value: 'browser', label: 'Browser' },
  { value: 'ruby', label: 'Ruby' },
  { value: 'go', label: 'Go' },
];

/** What a reader may choose from: languages, or clients; nothing where every SDK reads the same variables. */
export function languagesOf(what: What): readonly { value: string; label: string }[] {
  if (what === 'otel') return LANGUAGES;
  if (what === 'events') return CLIENTS;
  return what === 'rollbar' ? ROLLBAR_CLIENTS : [];
}

/** Variables of an app with X-Ray's SDK. `address` is `host:port` as the app reaches it. */
export function xrayLines(address: string): Line[] {
  const name = 'AWS_XRAY_DAEMON_ADDRESS';
  return [
    { state: 'old', name, value: 'xray-daemon:2000' },
    { state: 'new', name, value: address, mark: address },
    { state: 'same', name: 'AWS_XRAY_URL', value: 'your naming pattern' },
  ];
}

/** Variables of an app with an AWS SDK, and of the command line. */
export function awsLines(url: string, { id, secret }: { id: string; secret: string }): Line[] {
  return [
    { state: 'new', name: 'AWS_ENDPOINT_URL', value: url, mark: url },
    { state: 'old', name: 'AWS_ACCESS_KEY_ID', value: 'the key id you have now' },
    { state: 'new', name: 'AWS_ACCESS_KEY_ID', value: id, mark: id },
    { state: 'new', name: 'AWS_SECRET_ACCESS_KEY', value: secret, mark: secret },
    { state: 'same', name: 'AWS_DEFAULT_REGION', value: 'your region' },
  ];
}

/** The one change in the code of a Rollbar client: none of them reads its address from a variable. */
export function rollbarCode(client: string, url: string, token: string): string {
  const q = JSON.stringify;
  const endpoint = `${url}/api/1/`;
  switch (client) {
    case 'node':
      return `const Rollbar = require('rollbar');\nconst rollbar = new Rollbar({\n  accessToken: ${q(token)},\n  endpoint: ${q(`${endpoint}item/`)},\n});\nrollbar.warning('Hello World!');`;
    case 'browser':
      return `var _rollbarConfig = {\n  accessToken: ${q(token)},\n  endpoint: ${q(`${endpoint}item/`)},\n  captureUncaught: true,\n  captureUnhandledRejections: true,\n};`;
    case 'ruby':
      return `Rollbar.configure do |config|\n  config.access_token = ${q(token)}\n  config.endpoint = ${q(`${endpoint}item/`)}\nend`;
    case 'go':
      return `rollbar.SetToken(${q(token)})\nrollbar.SetEndpoint(${q(endpoint)})\nrollbar.Warning("Hello World!")\nrollbar.Wait()`;
    default:
      return `rollbar.init(\n    ${q(token)},\n    'production',\n    endpoint=${q(endpoint)},\n)\nrollbar.report_message('Hello World!', 'warning')`;
  }
}

/** Sends one segment over UDP from bash. `id` is 24 hex digits made by the page, so that the reader can open that very trace. */
export function segmentCommand(address: string, id: string): string {
  const at = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, at).replace(/^\[|\]$/gu, ''), address.slice(at + 1)];
  const segment = `{"name":"hello","id":"${id.slice(8)}","trace_id":"1-%x-${id}","start_time":%d,"end_time":%d.2}`;
  return [
    // Not bash's own printf: it sends each line as a datagram of its own.
    `now=$(date +%s) && env printf '{"format":"json","version":1}\\n${segment}'`,
    `  $now $now $now > /dev/udp/${host}/${port}`,
  ].join(' \\\n');
}

/** Makes a group and a stream, and puts one line, with the command line of AWS. */
export function lineCommand(url: string, { id, secret }: { id: string; secret: string }): string {
  const logs = `aws --endpoint-url ${quoted(url)} --region us-east-1 logs`;
  const of = '--log-group-name hello';
  return [
    `export AWS_ACCESS_KEY_ID=${quoted(id)} AWS_SECRET_ACCESS_KEY=${quoted(secret)}`,
    `${logs} create-log-group ${of}`,
    `${logs} create-log-stream ${of} --log-stream-name cli`,
    `${logs} put-log-events ${of} --log-stream-name cli --log-events "timestamp=$(date +%s)000,message=hello"`,
  ].join('\n');
}

/** Sends one message as Rollbar's clients do. */
export function messageCommand(url: string, token: string): string {
  const body =
    '{"data":{"environment":"production","level":"warning","body":{"message":{"body":"Hello World!"}}}}';
  return [
    `curl -sS ${quoted(`${url}/api/1/item/`)}`,
    `  -H 'content-type: application/json'`,
    `  -H ${quoted(`X-Rollbar-Access-Token: ${token}`)}`,
    `  -d '${body}'`,
  ].join(' \\\n');
}
