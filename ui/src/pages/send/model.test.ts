import { describe, expect, it } from 'vitest';
import {
  checklist,
  composeLines,
  envFile,
  eventCode,
  hostPort,
  otelLines,
  quoted,
  spanCommand,
  unreachable,
  urlFor,
} from './model.ts';

describe('addresses', () => {
  it.each([
    ['127.0.0.1:4318', 'local', 'localhost', 'http://127.0.0.1:4318'],
    ['0.0.0.0:4318', 'local', 'foursight.lan', 'http://127.0.0.1:4318'],
    ['0.0.0.0:4318', 'remote', 'foursight.lan', 'http://foursight.lan:4318'],
    ['[::]:4318', 'remote', 'fd00::7', 'http://[fd00::7]:4318'],
    ['127.0.0.1:4318', 'remote', 'localhost', 'http://ADDRESS-OF-THIS-MACHINE:4318'],
    ['127.0.0.1:41231', 'compose', 'localhost', 'http://foursight:41231'],
    ['[::1]:4318', 'local', 'localhost', 'http://[::1]:4318'],
    ['0.0.0.0:4318', 'docker', 'x', 'http://host.docker.internal:4318'],
  ] as const)('%s %s', (address, place, page, url) => {
    expect(urlFor(address, place, page)).toBe(url);
  });
  it('takes addresses apart', () => {
    expect(hostPort('[fd00::7]:80')).toEqual({ host: 'fd00::7', port: '80' });
  });
  it('says who cannot reach a loopback listener, and the flag', () => {
    expect(unreachable('127.0.0.1:4318', 'compose', '--otlp-http', false)).toContain(
      '--otlp-http 0.0.0.0:4318',
    );
    expect(unreachable('127.0.0.1:4318', 'remote', '--otlp-http', true)).toContain('without --dev');
    expect(unreachable('127.0.0.1:4318', 'local', '--otlp-http', true)).toBeUndefined();
    expect(unreachable('0.0.0.0:4318', 'docker', '--otlp-http', false)).toBeUndefined();
  });
});

describe('lines', () => {
  it('change two variables, and the protocol where the SDK would choose another', () => {
    expect(envFile(otelLines('http://f:4318', 'k', 'python'))).toBe(
      'OTEL_EXPORTER_OTLP_ENDPOINT=http://f:4318\nOTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=k\n',
    );
    expect(envFile(otelLines('http://f:4318', 'k', 'dotnet'))).toContain(
      'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n',
    );
  });
  it('fit a compose file', () => {
    expect(composeLines(otelLines('http://f:4318', 'k', 'python'))).toBe(
      '    environment:\n      OTEL_EXPORTER_OTLP_ENDPOINT: "http://f:4318"\n      OTEL_EXPORTER_OTLP_HEADERS: "x-honeycomb-team=k"\n',
    );
  });
});

describe('commands', () => {
  it('quote for a shell', () => {
    expect(quoted("it's")).toBe(`'it'\\''s'`);
  });
  it('send a span of now', () => {
    const command = spanCommand('http://127.0.0.1:4318', 'k', '0af7651916cd43dd8448eb211c80319c');
    expect(command).toContain(`"startTimeUnixNano":"'"$(date +%s)"'000000000"`);
    expect(command).toContain('"spanId":"8448eb211c80319c"');
    // What stands between the quotes must be JSON once the shell has put the time in.
    const body = command.split("-d '")[1]?.slice(0, -1).replaceAll(`'"$(date +%s)"'`, '1760000000') ?? '';
    expect(JSON.parse(body).resourceSpans[0].scopeSpans[0].spans[0].endTimeUnixNano).toBe(
      '1760000000200000000',
    );
  });
  it.each(['curl', 'python', 'node', 'go', 'ruby'])('%s names address and key', (client) => {
    const code = eventCode(client, 'http://127.0.0.1:8080', 'the-key');
    expect(code).toContain('http://127.0.0.1:8080');
    expect(code).toContain('the-key');
  });
});

describe('checklist', () => {
  it('knows the SDK and the place', () => {
    const titles = (what: 'otel' | 'events', place: 'local' | 'compose') =>
      checklist(what, 'python', place, 'http://foursight:4318').map((one) => one.title);
    expect(titles('otel', 'compose')).toContain('The container cannot find foursight');
    expect(titles('otel', 'local')).not.toContain('The container cannot find foursight');
    expect(titles('events', 'local')).not.toContain('The sampler drops all');
  });
});
