import { describe, expect, it } from 'vitest';
import { countMarks, matchRows, parseFilter, withTerm } from './filter.ts';
import { pack, spanId } from './fixture.ts';

const { data, layout } = pack([
  { id: 'root', name: 'GET /api/activities/home', start: 0, length: 100e6, kind: 'server' },
  { id: 'q', parent: 'root', name: 'Query cruddur-messages', service: 'dynamodb', start: 1e6, length: 60e6 },
  {
    id: 'auth',
    parent: 'root',
    name: 'verify "token"',
    service: 'auth',
    start: 70e6,
    length: 1e6,
    status: 'error',
  },
  {
    id: 'x',
    parent: 'lost',
    name: 'POST /notifications',
    service: 'notifications',
    start: 80e6,
    length: 3e6,
  },
]);

function picks(text: string): string[] {
  const parsed = parseFilter(text);
  if ('error' in parsed) throw new Error(parsed.error);
  const marks = matchRows(parsed.filter, data, layout);
  if (!marks) return ['everything'];
  return Array.from(layout.row)
    .map((row, p) => (marks[p] === 1 ? (row < 0 ? '?' : (data.strings[data.name[row] ?? -1] ?? '')) : ''))
    .filter((name) => name !== '');
}

describe('filter', () => {
  const root = 'GET /api/activities/home';
  const query = 'Query cruddur-messages';
  const verify = 'verify "token"';
  const post = 'POST /notifications';
  it.each([
    ['', ['everything']],
    ['   ', ['everything']],
    ['ACTIVITIES', [root]],
    ['dynamo', [query]],
    ['service:dynamodb', [query]],
    ['service:"auth"', [verify]],
    ['kind:server', [root]],
    ['error', [verify]],
    ['status:error', [verify]],
    ['duration > 2 %', [root, query, '?', post]],
    ['>50%', [root, query]],
    ['duration<=1ms', [verify]],
    ['duration > 50 ms service:dynamodb', [query]],
    ['service:auth or service:dynamodb', [query, verify]],
    ['name:post and duration < 1s', [post]],
    ['"verify"', [verify]],
    [`span:${spanId('q')}`, [query]],
    [spanId('lost'), ['?']],
    ['nothing-like-this', []],
  ])('%s', (text, expected) => {
    expect(picks(text)).toEqual(expected);
  });

  it.each(['duration > soon', '> fast', 'duration 5ms'])('refuses %s and says where', (text) => {
    const parsed = parseFilter(`error ${text}`);
    expect(parsed).toMatchObject({ at: 6 });
  });

  it('counts matches', () => {
    expect(countMarks(Uint8Array.of(0, 1, 1))).toBe(2);
  });

  it('adds a term once', () => {
    expect(withTerm('', 'service:a')).toBe('service:a');
    expect(withTerm('error', 'service:a')).toBe('error service:a');
    expect(withTerm('error service:a', 'service:a')).toBe('error service:a');
  });
});
