import { describe, expect, it } from 'vitest';
import { offersOf, taken, wanted, withField } from './complete.ts';
import type { Words } from './words.ts';
import { fieldsFound } from './words.ts';

const WORDS: Words = {
  commands: ['fields', 'filter', 'stats', 'sort'],
  functions: [{ name: 'floor', about: 'rounded down' }],
  keywords: ['by', 'like'],
  fields: [
    { name: '@timestamp', type: 'time', part: 1 },
    { name: 'full_path', type: 'text', part: 0.84 },
    { name: '`user-agent`', type: 'text', part: 0.2 },
  ],
};
const labels = (before: string) => offersOf(wanted(before), WORDS).map((one) => one.label);

describe('what can stand at the caret', () => {
  it.each([
    ['fi', 'command', 'fi'],
    ['fields @message\n| so', 'command', 'so'],
    ['# why\nst', 'command', 'st'],
    ['fields @mes', 'expression', '@mes'],
    ['sort errors desc, fu', 'expression', 'fu'],
    ['stats count(*) by ', 'expression', ''],
    ['filter a / b', 'expression', 'b'],
    ['filter a = "x | y" and fu', 'expression', 'fu'],
    ['filter @message like /a|b/ and fu', 'expression', 'fu'],
    ['fields `user', 'expression', '`user'],
    ['filter a = "x | st', 'nothing', ''],
    ["filter a = 'it\\'s st", 'nothing', ''],
    ['filter @message like /st', 'nothing', ''],
    ['parse @message /st', 'nothing', ''],
    ['fields a\n# com', 'nothing', ''],
    ['filter a = 5m', 'nothing', ''],
  ])('“%s”: %s “%s”', (before, kind, typed) => {
    expect(wanted(before)).toMatchObject({ kind, typed });
  });

  it('offers commands where a stage begins, and fields before functions elsewhere', () => {
    expect(labels('f')).toEqual(['fields', 'filter']);
    expect(labels('sort f')).toEqual(['full_path', 'floor']);
    expect(labels('fields `us')).toEqual(['`user-agent`']);
    expect(labels('sort full_path')).toEqual([]);
  });

  it('puts the offer in place of what is typed, without a second blank', () => {
    const text = 'fields a | so b';
    const want = wanted('fields a | so');
    expect(taken(text, 13, want, { text: 'sort ', label: 'sort', note: '' })).toEqual({
      text: 'fields a | sort b',
      caret: 15,
    });
    const call = wanted('stats fl');
    expect(taken('stats fl', 8, call, { text: 'floor(', label: 'floor', note: '' })).toEqual({
      text: 'stats floor(',
      caret: 12,
    });
  });
});

describe('a field added to the question', () => {
  it.each([
    ['fields @timestamp, @message\n| limit 5', 'fields @timestamp, @message, status\n| limit 5'],
    ['filter a = 1 | fields b | limit 5', 'filter a = 1 | fields b, status | limit 5'],
    ['fields a,\n  b\n# why\n| limit 5', 'fields a,\n  b, status\n# why\n| limit 5'],
    ['fields status, b', 'fields status, b'],
    ['stats count(*)', 'fields status\n| stats count(*)'],
    ['', 'fields status'],
  ])('%j', (text, want) => {
    expect(withField(text, 'status')).toBe(want);
  });
});

it('fields found have their type and the part of lines with them', () => {
  const found = fieldsFound(
    {
      commands: [],
      functions: [],
      keywords: [],
      special_fields: ['@timestamp', '@xrayTraceId'],
      fields: ['rare', '`a-b`', 'unknown'],
    },
    [
      { name: 'meta.source', types: ['string'], rows: 200 },
      { name: 'rare', types: ['integer'], rows: 10 },
      { name: 'a-b', types: ['integer', 'string'], rows: 168 },
    ],
  );
  expect(found).toEqual([
    { name: '@timestamp', type: 'time', part: 1 },
    { name: '@xrayTraceId', type: 'text', part: undefined },
    { name: '`a-b`', type: 'mixed', part: 0.84 },
    { name: 'rare', type: 'int', part: 0.05 },
    { name: 'unknown', type: '', part: undefined },
  ]);
});
