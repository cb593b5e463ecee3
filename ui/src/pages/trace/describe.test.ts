import { describe, expect, it } from 'vitest';
import {
  clockNote,
  findRow,
  httpStatus,
  rowName,
  service,
  splitRoute,
  spoken,
  tag,
  title,
} from './describe.ts';
import { pack, spanId } from './fixture.ts';

const { data, layout } = pack([
  { id: 'a', name: 'GET /home', start: 0, length: 10e6 },
  { id: 'a', name: 'a line', table: 'logs', start: 1e6 },
  { id: 'b', parent: 'lost', start: 12e6, length: 2e6 },
  { id: 'c', parent: 'a', start: 9e6, length: 3e6 },
]);

describe('rows', () => {
  it('are found again by the name the address gives them', () => {
    for (let p = 0; p < layout.count; p += 1) expect(findRow(data, layout, rowName(data, layout, p))).toBe(p);
  });
  it.each(['', 'x', 'e-', 'ffffffffffffffff', '<script>alert(1)'])('are not found by %j', (name) => {
    expect(findRow(data, layout, name)).toBe(-1);
  });
  it('say what they are', () => {
    expect(
      Array.from({ length: layout.count }, (_, p) => `${tag(layout, p)} ${title(data, layout, p)}`),
    ).toEqual([
      'OT GET /home',
      'LOG a line',
      'OT c',
      `? missing parent ${spanId('lost').slice(0, 8)}…`,
      'OT b',
    ]);
    expect(service(data, layout, 3)).toBe('never arrived');
    expect(spoken(layout, 0)).toBe('starts +0 ms, lasts 10 ms');
    expect(spoken(layout, 1)).toBe('starts +1 ms');
  });
  it('say how they lie outside of their parent', () => {
    expect(clockNote(layout, 0)).toBeUndefined();
    expect(clockNote(layout, 2)).toBe('ends 2 ms after its parent');
  });
});

describe('requests', () => {
  it('have a method and a path', () => {
    expect(splitRoute('GET /api/activities/home')).toEqual({ method: 'GET', rest: '/api/activities/home' });
    expect(splitRoute('getting home')).toEqual({ method: undefined, rest: 'getting home' });
  });
  it.each([
    [{ 'http.response.status_code': 500 }, 500],
    [{ 'http.status_code': '404' }, 404],
    [{ 'http.status_code': 'oops' }, undefined],
    [{ 'http.status_code': 7 }, undefined],
    [undefined, undefined],
  ])('have a status when a field says so: %j', (fields, status) => {
    expect(httpStatus(fields)).toBe(status);
  });
});
