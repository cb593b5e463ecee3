import { describe, expect, it } from 'vitest';
import { Kind } from './columns.ts';
import { type FixtureRow, outline, pack, spanId } from './fixture.ts';
import { Flag } from './layout.ts';

const MS = 1e6;
const span = (
  id: string,
  parent: string | undefined,
  start: number,
  length: number,
  more: FixtureRow = {},
) => ({
  id,
  ...(parent ? { parent } : {}),
  start: start * MS,
  length: length * MS,
  ...more,
});
const line = (name: string, start: number, more: FixtureRow = {}): FixtureRow => ({
  name,
  table: 'logs',
  source: 'cloudwatch',
  start: start * MS,
  ...more,
});
const segment = (id: string, parent: string | undefined, start: number, length: number, service: string) =>
  span(id, parent, start, length, { source: 'xray', service });

function check(rows: FixtureRow[], expected: string): void {
  const { data, layout } = pack(rows);
  expect(outline(data, layout)).toBe(expected);
}

const ROOT = span('root', undefined, 0, 200);
const AUTH = span('auth', 'root', 10, 40, { service: 'auth' });
const HOME = span('home', 'root', 60, 100);

describe('a line without a span id', () => {
  it('stands under the innermost span of its service at its time', () => {
    check(
      [ROOT, AUTH, HOME, line('in home', 70), line('in root', 20)],
      'root\n  auth\n  in root\n  home\n    in home',
    );
  });

  it('stands under another service only when it is of that one', () => {
    check([ROOT, AUTH, line('token ok', 20, { service: 'auth' })], 'root\n  auth\n    token ok');
  });

  it('stands under the root when its service has no span then', () => {
    check([ROOT, AUTH, line('late', 900, { service: 'auth' })], 'root\n  auth\n  late');
    check([ROOT, line('other', 20, { service: 'unheard' })], 'root\n  other');
  });

  it('stands around two spans that run side by side: nobody knows in which it was written', () => {
    const rows = [ROOT, span('a', 'root', 10, 50), span('b', 'root', 20, 50), line('which', 30)];
    check(rows, 'root\n  a\n  b\n  which');
  });

  it('stands alone when the trace has two roots', () => {
    check([span('a', undefined, 0, 9), span('b', undefined, 20, 9), line('x', 5)], 'a\nx\nb');
  });

  it('stands under what is left of a request whose root never arrived', () => {
    check([span('a', 'lost', 0, 20), line('x', 5)], `?${spanId('lost')}\n  a\n    x`);
  });
});

describe('a segment beside spans', () => {
  it('stands under the span of its service that is around it, its subsegments below it', () => {
    check(
      [ROOT, AUTH, segment('xa', undefined, 11, 30, 'auth'), segment('xs', 'xa', 12, 5, 'auth')],
      'root\n  auth\n    xa\n      xs',
    );
  });

  it('stands under the root when it is longer than it, without a word about clocks', () => {
    const { data, layout } = pack([ROOT, segment('x', undefined, -2, 210, 'backend-flask')]);
    expect(outline(data, layout)).toBe('root\n  x');
    expect(layout.flags[1]).toBe(Flag.placed);
    expect(layout.kinds[Kind.segment]).toBe(1);
  });

  it('takes no time off the span that tells of the same work', () => {
    const { layout } = pack([ROOT, segment('x', undefined, 0, 150, 'backend-flask')]);
    expect(layout.self[0]).toBe(200 * MS);
  });

  it('keeps its own children where spans were sent as segments too, ids and all', () => {
    check(
      [
        ROOT,
        AUTH,
        { ...segment('root', undefined, 0, 199, 'backend-flask'), name: 'x-root' },
        { ...segment('auth', 'root', 11, 38, 'auth'), name: 'x-auth' },
        { ...line('a line', 20), id: 'auth' },
      ],
      'root\n  x-root\n    x-auth\n  auth\n    a line',
    );
  });

  it('is the root where there is no span', () => {
    check([segment('x', undefined, 0, 90, 'web'), line('a line', 5)], 'x\n  a line');
  });
});

describe('the axis', () => {
  it('has what lies near the bars, not what came seconds later', () => {
    const near = pack([ROOT, line('near', 210)]).layout;
    expect([near.from, near.to, near.lasted]).toEqual([0, 210 * MS, 200 * MS]);
    const far = pack([ROOT, { ...line('far', 4_000), table: 'errors' }]).layout;
    expect([far.from, far.to]).toEqual([0, 200 * MS]);
  });

  it('has an open end where a span had not ended when it arrived', () => {
    const { layout } = pack([ROOT, { ...span('x', 'root', 50, 0), length: -1, open: true }]);
    expect([layout.end[1], layout.flags[1]]).toEqual([200 * MS, Flag.open]);
  });
});

it('a line that says it is an error has failed, another has not', () => {
  const { layout } = pack([
    ROOT,
    line('bad', 5, { severity: 'Error' }),
    line('fine', 6, { severity: 'INFO' }),
  ]);
  expect(Array.from(layout.flags)).toEqual([Flag.errorBelow, Flag.error | Flag.placed, Flag.placed]);
});
