import { expect, test } from 'vitest';
import type { Facets, Issue, RequestRow, StackFrame } from '@/api/types.ts';
import {
  askOf,
  codeOf,
  courseOf,
  hourBars,
  isFiltered,
  othersOf,
  pageOf,
  placesOf,
  shortFile,
  shownFrames,
  standing,
  tagShares,
} from './model.ts';

const frame = (file: string, in_app: boolean, more: Partial<StackFrame> = {}): StackFrame => ({
  file,
  in_app,
  function: 'run',
  before: [],
  after: [],
  args: [],
  locals: [],
  ...more,
});
const words = (list: ReturnType<typeof shownFrames>) =>
  list.map((one) =>
    one.kind === 'folded'
      ? `(${one.frames.map((f) => f.file).join(' ')})`
      : `${one.frame.file}${one.raised ? '!' : ''}`,
  );

const frames = [
  frame('a', false),
  frame('b', false),
  frame('own', true),
  frame('c', false),
  frame('d', false),
];

test('runs of library frames are folded, but never the one that raised', () => {
  expect(words(shownFrames(frames, 'most_recent_last', false))).toEqual(['(a b)', 'own', '(c)', 'd!']);
});

test('languages that read the other way round get the newest first', () => {
  expect(words(shownFrames(frames, 'most_recent_first', false))).toEqual(['d!', '(c)', 'own', '(b a)']);
  expect(words(shownFrames(frames, 'most_recent_last', true))).toEqual(['a', 'b', 'own', 'c', 'd!']);
  expect(shownFrames([], 'most_recent_last', false)).toEqual([]);
});

test('code has the numbers of its file', () => {
  const lines = codeOf(frame('x', true, { line: 31, code: 'raise', before: ['a', 'b'], after: ['c'] }));
  expect(lines.map((one) => one.number)).toEqual([29, 30, 31, 32]);
  expect(lines.findIndex((one) => one.hit)).toBe(2);
  expect(codeOf(frame('x', true, { line: 31 }))).toEqual([]);
  expect(codeOf(frame('x', true, { code: 'raise' }))[0]?.number).toBeUndefined();
});

test('files are told apart by their last two parts', () => {
  expect(shortFile('/usr/lib/python3/flask/app.py')).toBe('flask/app.py');
  expect(shortFile('C:\\src\\web\\Home.cs')).toBe('web/Home.cs');
  expect(shortFile('app.py')).toBe('app.py');
  expect(placesOf([frame('a', false), frame('b', false), frame('c', false), frame('d', false)])).toBe(
    'a run, b run, c run, …',
  );
});

const issue = (more: Partial<Issue>) => ({ status: 'active', reactivated: false, ...more }) as Issue;

test('where an item stands', () => {
  expect(standing(issue({}))).toEqual({ text: 'Active', tone: 'none' });
  expect(standing(issue({ reactivated: true }))).toEqual({ text: 'Reactivated', tone: 'warn' });
  expect(standing(issue({ status: 'resolved', resolved_in_version: 'v41' })).text).toBe('Resolved in v41');
  expect(standing(issue({ status: 'muted' })).text).toBe('Muted');
});

test('an address with nonsense asks for what there is', () => {
  const ask = askOf({ status: 'dead', level: 'loud', sort: 'up', page: '-3', q: '  ' }, undefined);
  expect(ask).toMatchObject({ status: 'active,resolved,muted', sort: 'last', page: 1 });
  expect(ask.level).toBeUndefined();
  expect(ask.q).toBeUndefined();
  expect(pageOf({ page: '2' })).toBe(2);
  expect(isFiltered({ status: 'dead' })).toBe(false);
  expect(isFiltered({ q: 'x' })).toBe(true);
  expect(askOf({ status: 'archived' }, undefined).status).toBe('archived');
});

test('a tag is the commonest known value, as a share of all occurrences', () => {
  const bar = (value: string | null, selected: number) => ({ value, selected, baseline: 0 });
  const facet = (field: string, bars: ReturnType<typeof bar>[]) => ({
    field,
    difference: 0,
    is_id: false,
    shape: { kind: 'values', bars, others: [0, 0], distinct: 2 },
  });
  const facets = {
    selected: 10,
    baseline: 0,
    fields: [
      facet('severity', [bar('error', 10)]),
      facet('http.route', [bar(null, 5), bar('/a', 1), bar('/b', 4)]),
      facet('service.version', [bar('v42', 10)]),
      facet('user.name', [bar(null, 10)]),
    ],
  } as unknown as Facets;
  expect(tagShares(facets).map((one) => [one.field, one.value, one.part])).toEqual([
    ['service.version', 'v42', 1],
    ['http.route', '/b', 0.4],
  ]);
});

test('young items have a bar an hour, old ones fewer, and the last bar is now', () => {
  const hour = 3_600_000_000_000n;
  const nowMs = 1000 * 3_600_000 + 5;
  const at = (h: number, count: number) => ({ start_ns: String(BigInt(h) * hour), count });
  const young = hourBars([at(1000, 5), at(998, 2)], nowMs);
  expect(young.counts).toHaveLength(24);
  expect(young.counts.slice(-3)).toEqual([2, 0, 5]);
  expect(young.startMs).toBe(977 * 3_600_000);
  const old = hourBars([at(281, 1), at(1000, 5)], nowMs);
  expect(old.per).toBe('per 12 hours');
  expect(old.counts).toHaveLength(60);
  expect(old.counts.at(0)).toBe(1);
  expect(old.counts.at(-1)).toBe(5);
});

test('of its request only the other rows are counted', () => {
  const row = (source: string, event_id: string) => ({ source, event_id }) as RequestRow;
  const rows = [row('occurrences', 'a'), row('spans', 'b'), row('spans', 'c'), row('lines', 'd')];
  expect(othersOf(rows, 'a').map((one) => [one.tag, one.rows])).toEqual([
    ['OT', 2],
    ['LOG', 1],
  ]);
});

test('occurrences of items add up by hour, those of new items apart', () => {
  const now = Date.UTC(2026, 10, 20, 10, 30);
  const first = (minutesAgo: number) => String(BigInt(now - minutesAgo * 60_000) * 1_000_000n);
  const course = courseOf(
    [
      { first_ns: first(59), sparkline: [0, 0, 5] },
      { first_ns: first(61), sparkline: [0, 2, 1] },
      { first_ns: first(9_000), sparkline: [4, 0, 1] },
    ],
    now,
  );
  expect(course).toEqual({
    hours: [
      { fresh: 0, known: 4 },
      { fresh: 0, known: 2 },
      { fresh: 5, known: 2 },
    ],
    fresh: 5,
    sum: 13,
  });
  expect(courseOf([], now)).toEqual({ hours: [], fresh: 0, sum: 0 });
});
