import { expect, test } from 'vitest';
import type { Issue } from '@/api/types.ts';
import { allItems, itemsCsv } from './export.ts';

const issue = (id: number, more: Partial<Issue> = {}): Issue =>
  ({ id, counter: id, title: `t${id}`, first_ns: '0', last_ns: '0', ...more }) as Issue;

test('every page is asked for, and an item that moved to the next page is there once', async () => {
  const pages = [
    Array.from({ length: 500 }, (_, i) => issue(i + 1)),
    [issue(500), ...Array.from({ length: 200 }, (_, i) => issue(501 + i))],
  ];
  const asked: unknown[] = [];
  const all = await allItems({ q: 'x', page: 7, limit: 100 }, (ask) => {
    asked.push([ask.q, ask.page, ask.limit]);
    return Promise.resolve({ issues: pages[(ask.page ?? 0) - 1] ?? [], total: 700 });
  });
  expect(asked).toEqual([
    ['x', 1, 500],
    ['x', 2, 500],
  ]);
  expect(all.map((one) => one.id)).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
});

test('a list that shrinks meanwhile ends', async () => {
  const all = await allItems({}, () => Promise.resolve({ issues: [], total: 10_000 }));
  expect(all).toEqual([]);
});

test('a row has what the list has, its times in UTC, and no text that a spreadsheet would run', () => {
  const one = issue(12, {
    title: '=cmd()',
    level: 'error',
    status: 'active',
    environment: 'production',
    project_name: 'shop, old',
    total: 3,
    ever: 5,
    users_24h: 2,
    first_ns: '1763632800000000000',
    last_ns: '1763632931414000000',
    last_version: 'v42',
  });
  expect(itemsCsv([one]).split('\r\n')).toEqual([
    'number,title,level,status,environment,project,context,occurrences,occurrences_ever,users_24h,first_seen,last_seen,first_version,last_version,owner',
    `12,'=cmd(),error,active,production,"shop, old",,3,5,2,2025-11-20T10:00:00.000Z,2025-11-20T10:02:11.414Z,,v42,`,
    '',
  ]);
});
