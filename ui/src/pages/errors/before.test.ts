import { expect, test } from 'vitest';
import type { RequestRow } from '@/api/types.ts';
import { justBefore, MOST_BEFORE } from './before.ts';

const AT = 1_760_000_000_000_000_000n;
const row = (id: string, beforeMs: number, more: Partial<RequestRow> = {}): RequestRow => ({
  event_id: id,
  ts_ns: `${AT - BigInt(beforeMs) * 1_000_000n}`,
  dataset: 'cruddur',
  in_progress: false,
  join: 0,
  source: 'spans',
  table: 'spans',
  name: id,
  ...more,
});

test('what began before it is told oldest first, in the words of its source', () => {
  const { list, more } = justBefore(
    [
      row('Query', 89, { duration_ns: '67000000', service: 'dynamodb', status: 'error' }),
      row('line', 166, { source: 'lines', severity: 'WARN', body: 'throttled' }),
      row('own', 0, { source: 'occurrences' }),
      row('after', -5),
      row('segment', 90, { source: 'segments' }),
    ],
    'own',
    `${AT}`,
  );
  expect(list.map((one) => [one.ms, one.tag, one.text, one.durationMs, one.where, one.bad])).toEqual([
    [166, 'LOG', 'WARN throttled', undefined, 'cruddur', false],
    [90, 'XR', 'segment', undefined, 'cruddur', false],
    [89, 'OT', 'Query', 67, 'dynamodb', true],
  ]);
  expect(more).toBe(0);
});

test('times keep what a double would lose', () => {
  const one = row('a', 0, { ts_ns: `${AT - 1_000n}` });
  expect(justBefore([one], 'own', `${AT}`).list[0]?.ms).toBe(0.001);
});

test('only the last ones are listed, the others of ten seconds are counted, older ones are not', () => {
  const rows = Array.from({ length: MOST_BEFORE + 3 }, (_, i) => row(`r${i}`, 10 * (i + 1)));
  const { list, more } = justBefore([...rows, row('old', 10_001)], 'own', `${AT}`);
  expect([list.length, more]).toEqual([MOST_BEFORE, 3]);
  expect([list[0]?.id, list.at(-1)?.id]).toEqual([`spans r${MOST_BEFORE - 1}`, 'spans r0']);
});
