import { describe, expect, it } from 'vitest';
import { envFile } from './model.ts';
import {
  awsLines,
  languagesOf,
  lineCommand,
  messageCommand,
  rollbarCode,
  segmentCommand,
  xrayLines,
} from './sources.ts';

describe('the other three', () => {
  it('X-Ray changes one variable, without a scheme', () => {
    expect(envFile(xrayLines('foursight:2000'))).toBe('AWS_XRAY_DAEMON_ADDRESS=foursight:2000\n');
  });
  it('CloudWatch changes address, id and secret by the names that SDKs read', () => {
    expect(envFile(awsLines('http://foursight:8080', { id: 'AKID', secret: 's/1' }))).toBe(
      'AWS_ENDPOINT_URL=http://foursight:8080\nAWS_ACCESS_KEY_ID=AKID\nAWS_SECRET_ACCESS_KEY=s/1\n',
    );
  });
  it('pyrollbar gets its address with the slash', () => {
    expect(rollbarCode('python', 'http://foursight:8080', 't')).toContain(
      'endpoint="http://foursight:8080/api/1/"',
    );
  });
  it.each(languagesOf('rollbar').map((one) => one.value))('%s names address and token', (client) => {
    const code = rollbarCode(client, 'http://127.0.0.1:8080', 'the-token');
    expect(code).toContain('http://127.0.0.1:8080/api/1/');
    expect(code).toContain('the-token');
  });
});

describe('commands', () => {
  it('send a segment that the daemon’s protocol allows', () => {
    const command = segmentCommand('127.0.0.1:2000', '0123456789abcdef01234567');
    // What printf prints for a time of 1760000000 (0x68e77800): header line, then the document.
    const text = /printf '([^']*)'/.exec(command)?.[1] ?? '';
    const printed = text.replace('%x', '68e77800').replaceAll('%d', '1760000000').split('\\n');
    expect(JSON.parse(printed[0] ?? '')).toEqual({ format: 'json', version: 1 });
    expect(JSON.parse(printed[1] ?? '')).toEqual({
      name: 'hello',
      id: '89abcdef01234567',
      trace_id: '1-68e77800-0123456789abcdef01234567',
      start_time: 1_760_000_000,
      end_time: 1_760_000_000.2,
    });
    expect(command).toContain('> /dev/udp/127.0.0.1/2000');
  });
  it('quote what comes from a key', () => {
    expect(lineCommand('http://h', { id: 'A', secret: "x'y" })).toContain(`AWS_SECRET_ACCESS_KEY='x'\\''y'`);
  });
  it('send a message that Rollbar’s API takes', () => {
    const body = messageCommand('http://h', 't').split("-d '")[1]?.slice(0, -1) ?? '';
    expect(JSON.parse(body).data.body.message.body).toBe('Hello World!');
  });
});
