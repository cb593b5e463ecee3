import { describe, expect, test } from 'vitest';
import { follow, intervalsOf, levelInText, levelOf, marked, RING, SILENT, sumOf } from './model.ts';

test.each([
  ['ERROR', 'error'],
  ['critical', 'error'],
  ['Warning', 'warn'],
  ['INFO', 'info'],
  ['trace', 'debug'],
  ['', 'none'],
  [null, 'none'],
  ['12', 'none'],
] as const)('severity %s is %s', (severity, level) => {
  expect(levelOf(severity)).toBe(level);
});

test('a level is read from the start of a text, as a word of its own', () => {
  expect(levelInText('[2026] ERROR in app: x')).toBe('error');
  expect(levelInText('an error occurred')).toBe('none');
  expect(levelInText('INFORMATION')).toBe('none');
});

test('counts are summed to levels', () => {
  const list = intervalsOf({
    intervals: [{ ERROR: 2, error: 1, '': 4 }, { INFO: 3 }],
    matched: 10,
    examined: 10,
  });
  expect(list.map((one) => one.total)).toEqual([7, 3]);
  expect(sumOf(list)).toEqual({ error: 3, warn: 0, info: 3, debug: 0, none: 4 });
});

describe('marks', () => {
  test('are found in any case, all of them', () => {
    expect(marked('TypeError: typeerror', 'typeerror')).toEqual([
      { text: 'TypeError', on: true },
      { text: ': ', on: false },
      { text: 'typeerror', on: true },
    ]);
  });
  test('nothing to mark leaves the text whole', () => {
    expect(marked('a', '')).toEqual([{ text: 'a', on: false }]);
    expect(marked('a', 'b')).toEqual([{ text: 'a', on: false }]);
  });
});

test('the tail keeps the latest lines and counts what it heard', () => {
  const batch = (n: number, from: number) => ({
    type: 'lines' as const,
    group: 'g',
    stream: 's',
    ingested_ns: '1',
    left_out: 2,
    lines: Array.from({ length: n }, (_, i) => ({ message: `${from + i}`, ts_ns: '1' })),
  });
  const tail = follow(follow(SILENT, [batch(RING, 0)]), [{ type: 'idle' }, batch(3, RING)]);
  expect(tail.lines).toHaveLength(RING);
  expect(tail.lines[0]?.message).toBe('3');
  expect(tail.lines.at(-1)?.message).toBe(String(RING + 2));
  expect([tail.heard, tail.leftOut]).toEqual([RING + 3, 4]);
});
