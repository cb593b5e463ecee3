import { describe, expect, it } from 'vitest';
import type { Arrival, ArrivalEvent } from '@/api/types.ts';
import { hear, lastOf, SILENCE } from './hearing.ts';

const counters = { received: 1, stored: 1, refused: 0, dropped: 0, merged: 0 };

function came(id: string, more: Partial<Arrival> = {}): ArrivalEvent {
  return {
    kind: 'arrival',
    arrival: {
      id,
      first_ns: '1',
      last_ns: '1',
      deliveries: 1,
      protocol: 'otlp/http',
      signals: ['traces'],
      sender: '172.18.0.4',
      user_agent: null,
      key_prefix: 'k',
      env: 'bootcamp',
      datasets: ['backend-flask'],
      wire_bytes: 1,
      counters,
      reason: null,
      outcome: 'taken',
      received_last_5m: 0,
      ...more,
    },
  };
}
const refusal = came('r', {
  env: null,
  counters: { ...counters, stored: 0, refused: 1 },
  reason: { code: 'unknown_key', text: 'no environment has this key', fix: '' },
});

describe('hearing', () => {
  it('keeps the first data, and the log latest first', () => {
    const heard = hear(SILENCE, [came('a'), came('b'), { kind: 'idle' }], 'bootcamp', 'otel');
    expect(heard.first?.id).toBe('a');
    expect(heard.log.map((row) => row.id)).toEqual(['b', 'a']);
  });
  it('names a refusal until data comes', () => {
    const refused = hear(SILENCE, [refusal], 'bootcamp', 'otel');
    expect(refused.refused?.id).toBe('r');
    expect(hear(refused, [came('a')], 'bootcamp', 'otel').refused).toBeUndefined();
  });
  it('names data for another environment', () => {
    const heard = hear(SILENCE, [came('d', { env: 'dev' })], 'bootcamp', 'otel');
    expect(heard.elsewhere?.env).toBe('dev');
    expect(heard.first).toBeUndefined();
  });
  it('waits for what was picked', () => {
    expect(hear(SILENCE, [came('m', { signals: ['metrics'] })], 'bootcamp', 'otel').first).toBeUndefined();
    expect(hear(SILENCE, [came('a')], 'bootcamp', 'events').first).toBeUndefined();
    expect(
      hear(SILENCE, [came('e', { protocol: 'events', signals: ['events'] })], 'bootcamp', 'events').first?.id,
    ).toBe('e');
  });
  it('leaves questions out, and keeps the log short', () => {
    const many = Array.from({ length: 20 }, (_, i) => came(`x${i}`));
    const heard = hear(SILENCE, [...many, came('q', { protocol: 'api' })], 'bootcamp', 'otel');
    expect(heard.log).toHaveLength(8);
    expect(heard.log[0]?.id).toBe('x19');
  });
});

describe('what an environment has of a source', () => {
  const rows = [
    came('a', { last_ns: '3000000', counters: { ...counters, stored: 5, merged: 2 } }),
    came('b', { last_ns: '9000000', protocol: 'otlp/grpc' }),
    came('m', { last_ns: '11000000', signals: ['metrics'] }),
    came('x', { last_ns: '12000000', protocol: 'xray/daemon', env: 'dev' }),
    // Questions over the protocol bring nothing.
    came('q', { last_ns: '13000000', protocol: 'logs', counters: { ...counters, stored: 0 } }),
  ].flatMap((event) => (event.kind === 'arrival' ? [event.arrival] : []));

  it('is summed, with the latest time', () => {
    expect(lastOf(rows, 'bootcamp', 'otel')).toEqual({ items: 8, ms: 9 });
  });
  it('is nothing where it went elsewhere, or nothing was stored', () => {
    expect(lastOf(rows, 'bootcamp', 'xray')).toBeUndefined();
    expect(lastOf(rows, 'bootcamp', 'logs')).toBeUndefined();
    expect(lastOf(rows, 'dev', 'xray')).toEqual({ items: 1, ms: 12 });
  });
});
