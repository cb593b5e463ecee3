// What to change in the app that sends: addresses, lines, commands and the list for when nothing comes.

import { SILENT } from './silent.ts';

export type What = 'otel' | 'xray' | 'logs' | 'rollbar' | 'events';
export type Place = 'local' | 'compose' | 'docker' | 'remote';

export const PLACES: readonly { value: Place; label: string }[] = [
  { value: 'local', label: 'This machine' },
  { value: 'compose', label: 'Docker Compose' },
  { value: 'docker', label: 'Docker' },
  { value: 'remote', label: 'Another machine' },
];

interface Language {
  value: string;
  label: string;
  /** SDKs that may choose gRPC by themselves are told the protocol. */
  sayProtocol?: boolean;
  /** How a short program makes sure that its spans leave. */
  flush: string;
}

export const LANGUAGES: readonly Language[] = [
  {
    value: 'python',
    label: 'Python',
    flush: 'call shutdown() on the tracer provider before the program ends',
  },
  { value: 'node', label: 'Node.js', flush: 'await sdk.shutdown() before the process ends' },
  {
    value: 'java',
    label: 'Java',
    sayProtocol: true,
    flush: 'close the SDK, or leave the agent two seconds at the end',
  },
  { value: 'go', label: 'Go', flush: 'defer tp.Shutdown(ctx) in main' },
  {
    value: 'dotnet',
    label: '.NET',
    sayProtocol: true,
    flush: 'dispose the TracerProvider before the program ends',
  },
  { value: 'ruby', label: 'Ruby', flush: 'call OpenTelemetry.tracer_provider.shutdown at exit' },
  { value: 'rust', label: 'Rust', flush: 'call shutdown() on the SdkTracerProvider before main returns' },
];

export const CLIENTS: readonly { value: string; label: string }[] = [
  { value: 'curl', label: 'curl' },
  { value: 'python', label: 'libhoney for Python' },
  { value: 'node', label: 'libhoney for Node.js' },
  { value: 'go', label: 'libhoney for Go' },
  { value: 'ruby', label: 'libhoney for Ruby' },
];

export interface Listen {
  http: string;
  otlp_http?: string | null | undefined;
  otlp_grpc?: string | null | undefined;
  xray?: string | null | undefined;
}

interface HostPort {
  host: string;
  port: string;
}

/** `127.0.0.1:4318` and `[::1]:4318` in parts. */
export function hostPort(address: string): HostPort {
  const end = address.lastIndexOf(':');
  return { host: address.slice(0, end).replace(/^\[|\]$/gu, ''), port: address.slice(end + 1) };
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/u;
const ANY = /^(?:0\.0\.0\.0|::|)$/u;

/** Only this machine reaches it. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host);

const bracket = (host: string) => (host.includes(':') ? `[${host}]` : host);

/**
 * The URL under which an app at `place` reaches a listener. `page` is the host by which the reader reaches this
 * page: what other machines would use too.
 */
export function urlFor(address: string, place: Place, page: string): string {
  const { host, port } = hostPort(address);
  if (place === 'compose') return `http://foursight:${port}`;
  if (place === 'docker') return `http://host.docker.internal:${port}`;
  const own = ANY.test(host) ? page : host;
  if (place === 'remote')
    return `http://${bracket(isLoopback(own) ? 'ADDRESS-OF-THIS-MACHINE' : own)}:${port}`;
  return `http://${bracket(ANY.test(host) ? '127.0.0.1' : host)}:${port}`;
}

/** Why an app at `place` cannot reach a listener, and the way out; undefined when it can. */
export function unreachable(address: string, place: Place, flag: string, dev: boolean): string | undefined {
  if (place === 'local' || !isLoopback(hostPort(address).host)) return undefined;
  const from = place === 'remote' ? 'another machine' : 'a container';
  const start = dev ? 'Start “foursight serve” without --dev and with' : 'Start the server with';
  return `This server listens on ${address} only, which ${from} cannot reach. ${start} ${flag} 0.0.0.0:${hostPort(address).port}.`;
}

export const KEY_PLACE = '<key>';
export const ID_PLACE = '<key id>';

export interface Line {
  /** `old`: what stands there now; `new`: to be set; `same`: stays. */
  state: 'old' | 'new' | 'same';
  name: string;
  value: string;
  /** Part of the value that is ours, to be marked. */
  mark?: string;
}

/** Variables of an app that sends OpenTelemetry. */
export function otelLines(url: string, key: string, language: string): Line[] {
  const sayProtocol = LANGUAGES.find((one) => one.value === language)?.sayProtocol === true;
  return [
    { state: 'old', name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'the address you have now' },
    { state: 'new', name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: url, mark: url },
    { state: 'new', name: 'OTEL_EXPORTER_OTLP_HEADERS', value: `x-honeycomb-team=${key}`, mark: key },
    ...(sayProtocol
      ? [{ state: 'new' as const, name: 'OTEL_EXPORTER_OTLP_PROTOCOL', value: 'http/protobuf' }]
      : []),
    { state: 'same', name: 'OTEL_SERVICE_NAME', value: 'the name of your service' },
  ];
}

/** What is new, as a file for `docker --env-file` and the like. */
export function envFile(lines: readonly Line[]): string {
  return lines
    .filter((line) => line.state === 'new')
    .map((line) => `${line.name}=${line.value}\n`)
    .join('');
}

/** What is new, for the service of a compose file. */
export function composeLines(lines: readonly Line[]): string {
  const set = lines.filter((line) => line.state === 'new');
  return [
    '    environment:',
    ...set.map((line) => `      ${line.name}: ${JSON.stringify(line.value)}`),
    '',
  ].join('\n');
}

/** Commands quote values for a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Sends one span, now. `traceId` is made by the page, so that the reader can open that very trace. */
export function spanCommand(url: string, key: string, traceId: string): string {
  const span = {
    traceId,
    spanId: traceId.slice(16),
    name: 'hello from curl',
    kind: 1,
    startTimeUnixNano: 'NOW000000000',
    endTimeUnixNano: 'NOW200000000',
  };
  const body = JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'curl' } }] },
        scopeSpans: [{ scope: { name: 'send-data' }, spans: [span] }],
      },
    ],
  }).replaceAll('NOW', `'"$(date +%s)"'`);
  return [
    `curl -sS ${quoted(`${url}/v1/traces`)}`,
    `  -H 'content-type: application/json'`,
    `  -H ${quoted(`x-honeycomb-team: ${key}`)}`,
    `  -d '${body}'`,
  ].join(' \\\n');
}

/** Sends one event, or sets libhoney up to. */
export function eventCode(client: string, url: string, key: string): string {
  const q = JSON.stringify;
  switch (client) {
    case 'python':
      return `import libhoney\n\nlibhoney.init(writekey=${q(key)}, dataset="hello", api_host=${q(url)})\nlibhoney.send_now({"message": "hello", "duration_ms": 12.5})\nlibhoney.close()`;
    case 'node':
      return `import Libhoney from 'libhoney';\n\nconst honey = new Libhoney({ writeKey: ${q(key)}, dataset: 'hello', apiHost: ${q(url)} });\nhoney.sendNow({ message: 'hello', duration_ms: 12.5 });\nawait honey.flush();`;
    case 'go':
      return `libhoney.Init(libhoney.Config{WriteKey: ${q(key)}, Dataset: "hello", APIHost: ${q(url)}})\ndefer libhoney.Close()\nlibhoney.SendNow(map[string]interface{}{"message": "hello", "duration_ms": 12.5})`;
    case 'ruby':
      return `require "libhoney"\n\nhoney = Libhoney::Client.new(writekey: ${q(key)}, dataset: "hello", api_host: ${q(url)})\nhoney.send_now(message: "hello", duration_ms: 12.5)\nhoney.close(true)`;
    default:
      return [
        `curl -sS ${quoted(`${url}/1/events/hello`)}`,
        `  -H ${quoted(`X-Honeycomb-Team: ${key}`)}`,
        `  -H 'content-type: application/json'`,
        `  -d '{"message": "hello", "duration_ms": 12.5}'`,
      ].join(' \\\n');
  }
}

export interface Check {
  title: string;
  text: string;
}

/** What keeps spans from coming, most frequent first. */
export function checklist(what: What, language: string, place: Place, url: string): Check[] {
  const flush = LANGUAGES.find((one) => one.value === language)?.flush;
  const host = url.replace(/^https?:\/\//u, '').replace(/:\d+$/u, '');
  const checks: Check[] = [];
  if (what === 'otel' && flush) checks.push({ title: 'Short programs must flush', text: flush });
  if (what === 'events')
    checks.push({ title: 'Short programs must flush', text: 'close the client: it sends in the background' });
  if (what === 'xray' || what === 'logs' || what === 'rollbar') checks.push(...SILENT[what]);
  if (place === 'compose' || place === 'docker') {
    checks.push({
      title: `The container cannot find ${host}`,
      text:
        place === 'compose'
          ? 'put both on one Compose network, or use the address of the host'
          : 'on Linux add --add-host host.docker.internal:host-gateway',
    });
  }
  // Datagrams know no proxy.
  if (what !== 'xray') checks.push({ title: 'A proxy swallows it', text: `add ${host} to NO_PROXY` });
  if (what === 'otel') {
    checks.push({ title: 'The sampler drops all', text: 'unset OTEL_TRACES_SAMPLER while you try' });
    checks.push({
      title: 'The SDK is switched off',
      text: 'unset OTEL_SDK_DISABLED; OTEL_TRACES_EXPORTER must be otlp',
    });
    checks.push({
      title: 'The variables did not reach the process',
      text: 'a restart reads them; docker compose restart does not: use up -d',
    });
  }
  return checks;
}
