import { describe, expect, it } from 'vitest';
import { parseSearch, stringifySearch } from '@/app/search.ts';
import { type Address, readAddress, writeAddress } from './address.ts';
import { DEFAULT_RANGE, type Question } from './model.ts';
import { OPENING, openingRange, questionOf } from './opening.ts';
import { parseSelection, renderSelection } from './selection.ts';

const question: Question = {
  calculations: [{ op: 'HEATMAP', column: 'duration_ms' }, { op: 'COUNT' }],
  filters: [
    { column: 'status', op: '>=', value: 500 },
    { column: 'http.target', op: '=', value: '/a?b=c&d=1+1 %2C#x' },
  ],
  combination: 'OR',
  breakdowns: ['name'],
  orders: [{ op: 'COUNT', order: 'descending' }],
  havings: [{ calculate_op: 'COUNT', op: '<=', value: -1.5 }],
  limit: 7,
  range: { kind: 'between', startNs: 1_772_532_000_000_000_001n, endNs: 1_772_532_060_500_000_000n },
};

describe('a question in the address', () => {
  it('comes back through the address bar', () => {
    const bar = stringifySearch(writeAddress(question) as Record<string, unknown>);
    expect(readAddress(parseSearch(bar) as Address)).toEqual({ question, problems: [] });
  });

  it('reads as text, not as escapes', () => {
    const bar = stringifySearch({ v: 'HEATMAP(duration_ms),COUNT', w: 'name exists', t: '-2h' });
    expect(bar).toBe('?v=HEATMAP(duration_ms),COUNT&w=name+exists&t=-2h');
  });

  it('leaves out what is as usual', () => {
    expect(writeAddress({ ...question, range: { kind: 'last', seconds: 7200 } }).t).toBeUndefined();
    expect(DEFAULT_RANGE).toEqual({ kind: 'last', seconds: 7200 });
  });

  it('reports what it cannot read and keeps the rest', () => {
    const { question: read, problems } = readAddress({ v: 'COUNT', w: 'a ==', l: 'many', t: 'soon' });
    expect(read.calculations).toEqual([{ op: 'COUNT' }]);
    expect(problems.map((one) => one.key)).toEqual(['w', 'l', 't']);
  });

  it('does not throw on broken escapes', () => {
    expect(parseSearch('?v=%E0%A4%A&w')).toEqual({ v: '%E0%A4%A', w: '' });
  });

  it('opens with the usual calculations, and counts when the clause is emptied', () => {
    expect(questionOf({ w: 'a exists' }).question.calculations).toEqual(OPENING);
    expect(questionOf({ v: '' }).question.calculations).toEqual([{ op: 'COUNT' }]);
  });
});

describe('the opening range', () => {
  it('fits the age of the data', () => {
    const now = 1_772_532_000_000;
    const aged = (...minutes: number[]) =>
      openingRange(
        minutes.map((m) => ({ created_ns: String(BigInt(now - m * 60_000) * 1_000_000n) })),
        now,
      );
    expect([aged(1), aged(1, 20), aged(45), aged(120), aged()]).toEqual([
      '-10m',
      '-30m',
      '-1h',
      undefined,
      undefined,
    ]);
  });
});

describe('a selection in the address', () => {
  it('comes back to the nanosecond', () => {
    const selection = {
      column: 'Sample Rate',
      startNs: 1_772_532_000_000_000_001n,
      endNs: 1_772_532_060_000_000_000n,
      min: 900.5,
      max: 5200,
    };
    expect(parseSelection(renderSelection(selection))).toEqual(selection);
  });

  it.each([
    undefined,
    '',
    'x',
    'x in -2h between 1 and 2',
    'x in 1..2 between 3 and 1',
    'a,b in 1..2 between 1 and 2',
  ])('is passed over when it is %s', (text) => expect(parseSelection(text)).toBeUndefined());
});
