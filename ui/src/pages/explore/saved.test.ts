import { describe, expect, it } from 'vitest';
import type { QuerySpec, SavedQuery } from '@/api/types.ts';
import { readAddress } from '@/query/address.ts';
import { matching, openingOf, savedAs } from './saved.ts';

function saved(name: string, query: QuerySpec, more: Partial<SavedQuery> = {}): SavedQuery {
  return {
    id: name,
    name,
    description: '',
    dataset: null,
    query_id: 'q',
    asked: { query, text: '' },
    problem: null,
    created_ns: '1',
    changed_ns: '1',
    ...more,
  };
}
const question = (address: Parameters<typeof readAddress>[0]) => readAddress(address).question;

describe('a saved query', () => {
  it('opens at the address of its clauses', () => {
    const kept = saved('slow', {
      calculations: [{ op: 'P90', column: 'duration_ms' }],
      filters: [{ column: 'status', op: '>=', value: 500 }],
      breakdowns: ['name'],
      time_range: 600,
    });
    expect(openingOf({ ...kept, dataset: 'backend' })).toMatchObject({
      search: { ds: 'backend', v: 'P90(duration_ms)', w: 'status>=500', g: 'name', t: '-10m' },
    });
    // The page's opening question stands for an absent clause.
    expect(openingOf(saved('count', {}))).toMatchObject({ search: { v: 'COUNT' } });
  });

  it('that cannot be shown says why', () => {
    const unread = saved('newer', {}, { asked: null, problem: 'this version cannot read what it asks' });
    expect(openingOf(unread)).toEqual({ cannot: 'this version cannot read what it asks' });
    expect(openingOf(saved('wide', { granularity: 60 }))).toEqual({
      cannot: 'It asks for a width of time buckets, which the builder cannot show.',
    });
  });

  it('is known again by what it asks, of the same dataset over the same time', () => {
    const all = [
      saved('wide', { granularity: 60 }),
      saved('errors', { filters: [{ column: 'error', op: '=', value: true }] }, { dataset: 'a' }),
      saved('noon', { start_time: 1_795_000_000.0000012, end_time: 1_795_000_060 }),
    ];
    expect(savedAs(all, 'a', question({ v: 'COUNT', w: 'error=true' }))?.name).toBe('errors');
    expect(savedAs(all, 'b', question({ v: 'COUNT', w: 'error=true' }))).toBeUndefined();
    expect(savedAs(all, 'a', question({ v: 'COUNT', w: 'error=true', t: '-1h' }))).toBeUndefined();
    // The address is exact to the nanosecond, what is kept is not.
    const noon = { v: 'COUNT', t: '1795000000.000001234..1795000060' };
    expect(savedAs(all, undefined, question(noon))?.name).toBe('noon');
  });

  it('is found by words of its name, description, dataset and question', () => {
    const all = [
      saved('Slow requests', {}, { description: 'after the deploy', dataset: 'backend-flask' }),
      saved('Errors', {}, { asked: { query: {}, text: 'COUNT where error=true' } }),
    ];
    const names = (text: string) => matching(all, text).map((one) => one.name);
    expect(names('')).toEqual(['Slow requests', 'Errors']);
    expect(names('DEPLOY slow')).toEqual(['Slow requests']);
    expect(names('error=true')).toEqual(['Errors']);
    expect(names('flask errors')).toEqual([]);
  });
});
