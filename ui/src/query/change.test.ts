import { describe, expect, it } from 'vitest';
import { withBreakdown, withCalculation, withoutValue, withValue } from './change.ts';
import { EMPTY } from './model.ts';

describe('a click on a value', () => {
  it('adds a condition once, and takes out the opposite', () => {
    const excluded = withoutValue(EMPTY, 'name', 'a');
    expect(excluded.filters).toEqual([{ column: 'name', op: '!=', value: 'a' }]);
    const filtered = withValue(excluded, 'name', 'a');
    expect(filtered.filters).toEqual([{ column: 'name', op: '=', value: 'a' }]);
    expect(withValue(filtered, 'name', 'a')).toEqual(filtered);
  });

  it('asks for absence where there is no value', () => {
    expect(withValue(EMPTY, 'x', null).filters).toEqual([{ column: 'x', op: 'does-not-exist' }]);
    expect(withoutValue(EMPTY, 'x', null).filters).toEqual([{ column: 'x', op: 'exists' }]);
  });

  it('groups and measures once', () => {
    expect(withBreakdown(withBreakdown(EMPTY, 'a'), 'a').breakdowns).toEqual(['a']);
    const heat = { op: 'HEATMAP', column: 'a' } as const;
    expect(withCalculation(withCalculation(EMPTY, heat), heat).calculations).toEqual([heat]);
  });
});
