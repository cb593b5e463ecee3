import { describe, expect, test } from 'vitest';
import type { Issue } from '@/api/types.ts';
import { classOf, likeness, similarTo } from './similar.ts';

const issue = (id: number, title: string, more: Partial<Issue> = {}): Issue =>
  ({
    id,
    title,
    counter: id,
    environment: 'production',
    fingerprint: `f${id}`,
    last_ns: `${id}`,
    ...more,
  }) as Issue;

describe('the class of a title', () => {
  test.each([
    ['TypeError: view returned None', 'TypeError'],
    ['botocore.errorfactory.ThrottledException: slow down', 'botocore.errorfactory.ThrottledException'],
    ['ActiveRecord::RecordNotFound: no post', 'ActiveRecord::RecordNotFound'],
    ['App\\Broken: x', 'App\\Broken'],
    ['could not connect: refused', undefined],
    ['12:30 came late', undefined],
    ['', undefined],
  ])('“%s”', (title, expected) => {
    expect(classOf(title)).toBe(expected);
  });
});

test('titles are alike by shared words; class, numbers and ids do not count', () => {
  // user, not, found in both; post only in the second: 3 of 4.
  expect(likeness('KeyError: user 4711 not found', 'ValueError: user post not found')).toBe(0.75);
  expect(likeness('user a81f33 gone', 'user b92c44 gone')).toBe(1);
  expect(likeness('KeyError: 1', 'KeyError: 2')).toBe(0);
});

describe('items like one', () => {
  const own = issue(1, 'TypeError: view returned None', { context: 'flask/app.py in make_response' });
  test('each is told with why; those with nothing in common are left out', () => {
    const others = [
      own,
      issue(2, 'TypeError: cannot add'),
      issue(3, 'KeyError: handle', { context: 'flask/app.py in make_response' }),
      issue(4, 'ValueError: view returned nothing'),
      issue(5, 'KeyError: handle', { fingerprint: 'f1', environment: 'staging' }),
      issue(6, 'OSError: disk full'),
    ];
    expect(similarTo(own, others).map((one) => [one.issue.id, one.why])).toEqual([
      [5, ['same stack, in staging']],
      [4, ['similar title']],
      [3, ['same place flask/app.py in make_response']],
      [2, ['same class TypeError']],
    ]);
  });
  test('most reasons first, then the latest', () => {
    const others = [
      issue(2, 'TypeError: cannot add'),
      issue(3, 'TypeError: view returned None again'),
      issue(9, 'TypeError: something else'),
    ];
    expect(similarTo(own, others).map((one) => one.issue.id)).toEqual([3, 9, 2]);
  });
});
