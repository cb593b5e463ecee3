import { describe, expect, it } from 'vitest';
import { clockNote, findRow, rowName, saidBy, service, splitRoute, spoken, tag, title } from './describe.ts';
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
    expect(spoken(layout, 1)).toBe('at +1 ms');
  });
  it('say how they lie outside of their parent', () => {
    expect(clockNote(layout, 0)).toBeUndefined();
    expect(clockNote(layout, 2)).toBe('ends 2 ms after its parent');
  });
});

describe('lines', () => {
  it.each([
    ['plain text', '', 'plain text'],
    ['{"level":"INFO","message":"Test log"}', 'INFO', 'INFO Test log'],
    ['{"msg":"started"}', '', 'started'],
    ['{"message":{"a":1}}', 'INFO', '{"message":{"a":1}}'],
    ['{"message":"cut in the mid', 'INFO', '{"message":"cut in the mid'],
    ['{"message":', '', '{"message":'],
  ])('say %j', (body, severity, said) => {
    expect(saidBy(body, severity)).toBe(said);
  });
});

describe('requests', () => {
  it('have a method and a path', () => {
    expect(splitRoute('GET /api/activities/home')).toEqual({ method: 'GET', rest: '/api/activities/home' });
    expect(splitRoute('getting home')).toEqual({ method: undefined, rest: 'getting home' });
  });
});
