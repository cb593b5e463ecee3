import { describe, expect, it } from 'vitest';
import { SyntaxProblem } from './lexer.ts';
import { EMPTY, type Question } from './model.ts';
import { parseClause, parseQuestion, renderFilter, renderQuestion } from './text.ts';

const whole: Question = {
  calculations: [
    { op: 'HEATMAP', column: 'duration_ms' },
    { op: 'P95', column: 'duration_ms' },
    { op: 'COUNT' },
    { op: 'COUNT_DISTINCT', column: 'Sample Rate' },
  ],
  filters: [
    { column: 'http.status_code', op: '>=', value: 500 },
    { column: 'endpoint', op: 'exists' },
    { column: 'name', op: 'starts-with', value: 'GET /api' },
    { column: 'app.handle', op: 'in', value: ['andrewbrown', 'a "b"', 3, true] },
    { column: 'limit', op: '!=', value: '500' },
  ],
  combination: 'AND',
  breakdowns: ['http.route', 'weird `field`'],
  orders: [
    { op: 'P95', column: 'duration_ms', order: 'descending' },
    { column: 'http.route', order: 'ascending' },
  ],
  havings: [{ calculate_op: 'COUNT', op: '>', value: 3 }],
  limit: 10,
  range: { kind: 'last', seconds: 5400 },
};

describe('a question as text', () => {
  it('reads the documented example', () => {
    const read = parseQuestion(
      'HEATMAP(duration_ms), P95(duration_ms) where status_code >= 2 and name exists group by name order by COUNT desc having COUNT > 3 limit 10 from -2h',
    );
    expect(read.calculations.map((one) => one.op)).toEqual(['HEATMAP', 'P95']);
    expect(read.filters).toEqual([
      { column: 'status_code', op: '>=', value: 2 },
      { column: 'name', op: 'exists' },
    ]);
    expect(read.breakdowns).toEqual(['name']);
    expect(read.orders).toEqual([{ op: 'COUNT', order: 'descending' }]);
    expect(read.havings).toEqual([{ calculate_op: 'COUNT', op: '>', value: 3 }]);
    expect(read.limit).toBe(10);
    expect(read.range).toEqual({ kind: 'last', seconds: 7200 });
  });

  it('is read back as it was written', () => {
    expect(parseQuestion(renderQuestion(whole))).toEqual(whole);
    const or: Question = { ...EMPTY, combination: 'OR', filters: whole.filters.slice(0, 2) };
    expect(parseQuestion(renderQuestion(or))).toEqual(or);
  });

  it('keeps the type of a value: text that looks like something else stands in quotes', () => {
    for (const value of [
      '500',
      'true',
      'and',
      '',
      ' x',
      'a,b',
      '-1',
      '1e3',
      'exists',
      'ß',
      '"',
      500,
      -0.5,
      true,
    ]) {
      const filter = { column: 'x', op: '=' as const, value };
      expect(parseClause.filters(renderFilter(filter)).filters).toEqual([filter]);
    }
  });

  it('keeps digits that a number cannot hold', () => {
    expect(parseClause.filters('id=9007199254740993').filters[0]?.value).toBe('9007199254740993');
  });

  it('takes a field named like an operation', () => {
    expect(parseClause.orders('max desc')).toEqual([{ column: 'max', order: 'descending' }]);
    expect(parseClause.orders('MAX(x) desc')).toEqual([{ op: 'MAX', column: 'x', order: 'descending' }]);
  });

  it.each([
    ['COUNT where', 11, 'a field'],
    ['COUNT where a = 1 or b = 2 and c = 3', 27, 'not mixed'],
    ['P95()', 4, 'field'],
    ['COUNT where a !x', 14, '!='],
    ['COUNT limit 0', 12, '10,000'],
    ['COUNT from tomorrow', 11, 'range'],
    ['COUNT where a = "x', 16, 'not closed'],
    ['COUNT group name', 12, 'by'],
    ['COUNT banana', 6, 'the end'],
  ])('says where %s goes wrong', (text, at, words) => {
    const failed = (() => {
      try {
        parseQuestion(text);
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(failed).toBeInstanceOf(SyntaxProblem);
    expect((failed as SyntaxProblem).at).toBe(at);
    expect((failed as SyntaxProblem).message).toContain(words);
  });
});
