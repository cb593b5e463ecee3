import { describe, expect, it } from 'vitest';
import type { Row } from '@/api/types.ts';
import { nextSort, orderOf, sortedRows } from './services.ts';

const row = (name: string, COUNT: number, errors: number, p95?: number): Row => ({
  'service.name': name,
  COUNT,
  errors,
  ...(p95 === undefined ? {} : { 'P95(duration_ms)': p95 }),
});
const ROWS = [row('web', 10, 5, 30), row('auth', 100, 10, 400), row('db', 50, 0)];
const names = (sort?: string) => sortedRows(ROWS, orderOf(sort)).map((i) => ROWS[i]?.['service.name']);

describe('services', () => {
  it('stand the slowest first, by any figure either way, what has none last', () => {
    expect(names()).toEqual(['auth', 'web', 'db']);
    expect(names('p95')).toEqual(['web', 'auth', 'db']);
    expect(names('-rate')).toEqual(['auth', 'db', 'web']);
    expect(names('name')).toEqual(['auth', 'db', 'web']);
    expect(names('nonsense')).toEqual(['auth', 'web', 'db']);
  });

  it('are sorted by the share of errors, not their number', () => {
    expect(names('-errors')).toEqual(['web', 'auth', 'db']);
  });

  it('turn round at the second click', () => {
    expect(nextSort(orderOf(undefined), 'p95')).toBe('p95');
    expect(nextSort(orderOf(undefined), 'rate')).toBe('-rate');
    expect(nextSort(orderOf('-rate'), 'rate')).toBe('rate');
    expect(nextSort(orderOf(undefined), 'name')).toBe('name');
  });
});
