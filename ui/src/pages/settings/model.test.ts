import { describe, expect, test } from 'vitest';
import type { Arrival, Key } from '@/api/types.ts';
import { envLines, eventsOf, lastDelivery, shown, usageOf, usageText, usedAgain } from './model.ts';

const key = (over: Partial<Key>): Key => ({
  id: '1',
  kind: 'ingest',
  name: 'backend-flask',
  prefix: 'fs_in_3k7…',
  permissions: ['send_events'],
  created_ns: '1',
  ...over,
});

const arrival = (over: Partial<Arrival>): Arrival => ({
  id: 'a',
  protocol: 'otlp/http',
  outcome: 'taken',
  sender: '172.18.0.3',
  counters: { received: 1, stored: 1, refused: 0, dropped: 0, merged: 0 },
  datasets: [],
  deliveries: 1,
  first_ns: '1',
  last_ns: '1',
  received_last_5m: 0,
  signals: [],
  wire_bytes: 1,
  key_prefix: 'fs_in_3k7…',
  ...over,
});

describe('the list of keys', () => {
  const keys = [
    key({}),
    key({ id: '2', kind: 'signing', name: 'watchtower', prefix: 'AKIA…7Q2D' }),
    key({ id: '3', name: 'old laptop', prefix: 'fs_in_c07…', revoked_ns: '5' }),
  ];
  test('revoked keys show only when asked for', () => {
    expect(shown(keys, { kind: undefined, text: '', revoked: false }).map((k) => k.id)).toEqual(['1', '2']);
    expect(shown(keys, { kind: undefined, text: '', revoked: true })).toHaveLength(3);
  });
  test('a kind and a part of name or prefix narrow it, in any case', () => {
    expect(shown(keys, { kind: 'signing', text: '', revoked: true }).map((k) => k.id)).toEqual(['2']);
    expect(shown(keys, { kind: undefined, text: 'akia', revoked: true }).map((k) => k.id)).toEqual(['2']);
    expect(shown(keys, { kind: undefined, text: 'LAPTOP', revoked: true }).map((k) => k.id)).toEqual(['3']);
  });
  test('a revoked key that is used again is told, a working one is not', () => {
    const reason = { code: 'revoked_key', text: '', fix: '' };
    const rows = [
      arrival({ key_prefix: 'fs_in_c07…', reason, outcome: 'refused' }),
      arrival({ key_prefix: 'fs_in_c07…' }),
      arrival({ reason, outcome: 'refused' }),
    ];
    expect(usedAgain(rows, keys)).toEqual([rows[0]]);
  });
  test('the latest sender is by time, not by place in the list', () => {
    const rows = [arrival({ sender: 'a', last_ns: '9' }), arrival({ sender: 'b', last_ns: '10' })];
    expect(lastDelivery(rows, keys[0] as Key)?.sender).toBe('b');
  });
});

test('what to copy fits the client that carries the key', () => {
  expect(envLines({ key: key({}), secret: 's3cret' })).toBe(
    'OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=s3cret\nHONEYCOMB_API_KEY=s3cret\n',
  );
  expect(envLines({ key: key({ kind: 'signing', signing_id: 'AKIDX' }), secret: 'a/b' })).toBe(
    'AWS_ACCESS_KEY_ID=AKIDX\nAWS_SECRET_ACCESS_KEY=a/b\n',
  );
  expect(envLines({ key: key({ kind: 'project' }), secret: 't0k' })).toBe('ROLLBAR_ACCESS_TOKEN=t0k\n');
});

const at = (iso: string) => `${BigInt(Date.parse(iso)) * 1_000_000n}`;
const NOW = Date.parse('2026-11-29T12:00:00Z');

describe('what came with a key', () => {
  const usage = { taken: 900, days: [0, 0, 0, 0, 10, 20, 30], days_since_ns: at('2026-11-27T08:00:00Z') };
  test('a day has what came on average of the key’s life', () => {
    const use = usageOf(key({ created_ns: at('2026-11-19T12:00:00Z'), usage }), NOW);
    expect(use).toMatchObject({ perDay: 90, ageDays: 10, taken: 900, days: usage.days });
    expect(use && usageText(use)).toBe(
      '900 items in 10.0 days of the key. By day, today last: 0, 0, 0, 0, 10, 20, 30; days are counted since ' +
        '2026-11-27 08:00 UTC, when the server started',
    );
  });
  test('a key of an hour is not made to look like 24 of them', () => {
    expect(usageOf(key({ created_ns: at('2026-11-29T11:00:00Z'), usage }), NOW)?.perDay).toBe(900);
  });
  test('the days after it was revoked do not thin it', () => {
    const old = {
      created_ns: at('2026-11-01T00:00:00Z'),
      revoked_ns: at('2026-11-04T00:00:00Z'),
      usage,
    };
    expect(usageOf(key(old), NOW)?.perDay).toBe(300);
  });
  test('a server that does not tell it says nothing', () => {
    expect(usageOf(key({}), NOW)).toBeUndefined();
  });
});

test('keys made and revoked are told by time, the latest first', () => {
  const keys = [
    key({ id: 'old', created_ns: at('2026-11-01T00:00:00Z'), revoked_ns: at('2026-11-05T00:00:00Z') }),
    key({ id: 'new', created_ns: at('2026-11-03T00:00:00Z') }),
  ];
  expect(eventsOf(keys).map((one) => `${one.key.id} ${one.what}`)).toEqual([
    'old revoked',
    'new made',
    'old made',
  ]);
});
