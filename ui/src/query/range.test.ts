import { describe, expect, it } from 'vitest';
import { parseInstant, parseRange, renderRange, resolveRange, sayRange } from './range.ts';

const now = Date.parse('2026-03-03T12:00:00Z');
const ns = (text: string) => BigInt(Date.parse(text)) * 1_000_000n;

describe('time ranges', () => {
  it.each([
    ['-90m', 5400],
    ['-2h', 7200],
    ['last 10 m', 600],
    ['-1w', 604_800],
    ['-30s', 30],
  ])('%s is a length', (text, seconds) => {
    expect(parseRange(text)).toEqual({ kind: 'last', seconds });
  });

  it.each([
    ['2026-03-03T10:00:00Z..2026-03-03T11:00:00Z', '2026-03-03T10:00:00Z', '2026-03-03T11:00:00Z'],
    ['yesterday 9:00..10:00', '2026-03-02T09:00:00Z', '2026-03-02T10:00:00Z'],
    ['2026-03-03..now', '2026-03-03T00:00:00Z', '2026-03-03T12:00:00Z'],
    ['1772532000..1772535600.5', '2026-03-03T10:00:00Z', '2026-03-03T11:00:00.500Z'],
    ['2026-03-03 10:00+01:00 .. 2026-03-03 10:30Z', '2026-03-03T09:00:00Z', '2026-03-03T10:30:00Z'],
  ])('%s lies between two times', (text, from, to) => {
    expect(parseRange(text, now)).toEqual({ kind: 'between', startNs: ns(from), endNs: ns(to) });
  });

  it.each(['', '-0m', '2h', '-2y', '5..3', 'a..b', '2026-13-01..2026-14-01', '..'])('%s is none', (text) => {
    expect(parseRange(text, now)).toBeUndefined();
  });

  it('keeps nanoseconds', () => {
    const range = {
      kind: 'between' as const,
      startNs: 1_772_532_000_123_456_789n,
      endNs: 1_772_532_001_000_000_000n,
    };
    expect(parseRange(renderRange(range))).toEqual(range);
    expect(parseInstant('1772532000123456789')).toBe(1_772_532_000_123_456_789n);
  });

  it('is said shortly', () => {
    expect(sayRange({ kind: 'last', seconds: 7200 })).toBe('last 2 h');
    expect(sayRange({ kind: 'last', seconds: 600 })).toBe('last 10 min');
    expect(
      sayRange({ kind: 'between', startNs: ns('2026-03-03T10:00:00Z'), endNs: ns('2026-03-03T11:00:00Z') }),
    ).toBe('2026-03-03 10:00:00 – 11:00:00 UTC');
  });

  it('has two ends', () => {
    const { startNs, endNs } = resolveRange({ kind: 'last', seconds: 60 }, now);
    expect(endNs - startNs).toBe(60_000_000_000n);
  });
});
