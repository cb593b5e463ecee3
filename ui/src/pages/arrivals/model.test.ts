import { describe, expect, it } from 'vitest';
import type { Arrival, ArrivalEvent, Arrivals } from '@/api/types.ts';
import { addsUp, applyEvents, byReason, bySender, outcomeWords, passes, seen, tone } from './model.ts';

const NONE = { received: 0, stored: 0, refused: 0, dropped: 0, merged: 0 };

function row(id: string, more: Partial<Arrival> = {}): Arrival {
  return {
    id,
    first_ns: '1000000000',
    last_ns: '1000000000',
    deliveries: 1,
    protocol: 'otlp/http',
    signals: ['traces'],
    sender: '172.18.0.4',
    user_agent: 'python otlp',
    key_prefix: 'fs_in_3k7',
    env: 'bootcamp',
    key_line: 'X-Honeycomb-Team: <key>',
    datasets: ['backend-flask'],
    wire_bytes: 100,
    counters: { ...NONE, received: 2, stored: 2 },
    reason: null,
    outcome: 'taken',
    received_last_5m: 0,
    ...more,
  };
}
const refused = row('r', {
  env: null,
  sender: '172.18.0.3',
  counters: { ...NONE, received: 14, refused: 14 },
  reason: { code: 'unknown_key', text: 'no environment has this key', fix: 'create one' },
});
const state: Arrivals = {
  rows: [row('a')],
  counters: { ...NONE, received: 2, stored: 2 },
  by_protocol: [],
  refused_last_5m: 0,
};
const came = (arrival: Arrival): ArrivalEvent => ({ kind: 'arrival', arrival });

describe('live events', () => {
  it('put the newest first, and count a delivery into its row', () => {
    const { state: next } = applyEvents(state, [
      came(row('b', { last_ns: '2000000000' })),
      came(row('a', { last_ns: '3000000000', datasets: ['other'] })),
      { kind: 'idle' },
    ]);
    expect(next.rows.map((one) => [one.id, one.deliveries, one.counters.stored])).toEqual([
      ['a', 2, 4],
      ['b', 1, 2],
    ]);
    expect(next.rows[0]?.datasets).toEqual(['backend-flask', 'other']);
    expect(next.rows[0]?.first_ns).toBe('1000000000');
    expect(next.counters).toEqual({ ...NONE, received: 6, stored: 6 });
    expect(next.by_protocol).toEqual([
      { protocol: 'otlp/http', counters: { ...NONE, received: 4, stored: 4 } },
    ]);
  });
  it('do not count what the list already has', () => {
    expect(applyEvents(state, [came(row('a'))]).state).toBe(state);
  });
  it('tell how much was missed, and leave the list alone', () => {
    const { state: next, missed } = applyEvents(state, [{ kind: 'missed', updates: 7 }]);
    expect(missed).toBe(7);
    expect(next).toBe(state);
  });
  it('keep a bounded list', () => {
    const many = Array.from({ length: 1_500 }, (_, i) =>
      came(row(`x${i}`, { last_ns: String(2_000_000_000 + i) })),
    );
    const { state: next } = applyEvents(state, many);
    expect(next.rows).toHaveLength(1_000);
    expect(next.rows[0]?.id).toBe('x1499');
  });
});

describe('tone and words', () => {
  it.each([
    [row('a'), 'taken', '2 spans'],
    [refused, 'refused', 'no environment has this key'],
    [row('d', { env: 'dev' }), 'elsewhere', '2 spans, key of environment dev'],
    [row('m', { counters: { ...NONE, received: 2, merged: 2 } }), 'merged', '2 spans stored before, retry'],
    [
      row('p', {
        signals: ['events'],
        counters: { ...NONE, received: 3, stored: 2, refused: 1 },
        reason: { code: 'too_large', text: 'an event is too large', fix: 'smaller' },
      }),
      'partial',
      '2 events taken, 1 refused: an event is too large',
    ],
  ] as const)('%#', (one, expectedTone, words) => {
    expect(tone(one, 'bootcamp')).toBe(expectedTone);
    expect(outcomeWords(one, 'bootcamp')).toBe(words);
  });
  it('says how often in how long', () => {
    expect(seen(row('a'))).toBe('');
    expect(seen(row('a', { deliveries: 14, last_ns: '301000000000' }))).toBe('14× in 5 min');
    expect(seen(row('a', { deliveries: 2 }))).toBe('2× in 1 s');
    expect(seen(row('a', { deliveries: 37_047, last_ns: '301000000000' }))).toBe('37 k× in 5 min');
  });
});

describe('filter and sums', () => {
  const none = { outcome: 'all', protocol: undefined, key: undefined, sender: undefined } as const;
  it('filters', () => {
    expect(passes(refused, { ...none, outcome: 'refused' })).toBe(true);
    expect(passes(refused, { ...none, outcome: 'taken' })).toBe(false);
    expect(passes(row('a'), { ...none, sender: '172.18.0.3' })).toBe(false);
    expect(passes(row('a'), { ...none, key: 'fs_in_3k7', protocol: 'otlp/http' })).toBe(true);
  });
  it('adds up', () => {
    expect(addsUp({ received: 5, stored: 1, refused: 1, dropped: 1, merged: 2 })).toBe(true);
    expect(addsUp({ ...NONE, received: 1 })).toBe(false);
  });
  it('sums by sender and reason', () => {
    const rows = [row('a'), row('b', { protocol: 'events', env: 'dev' }), refused];
    const senders = bySender(rows, 'bootcamp');
    expect(senders.map((one) => [one.sender, one.onlyRefused])).toEqual([
      ['172.18.0.4', false],
      ['172.18.0.3', true],
    ]);
    expect(senders[0]?.elsewhere).toEqual(['dev']);
    expect(byReason(rows)).toEqual([
      { code: 'unknown_key', text: 'no environment has this key', protocol: 'otlp/http', items: 14 },
    ]);
  });
});
