import { afterEach, describe, expect, it, vi } from 'vitest';
import { forgetRecents, type Recent, recents, remember, withRecent } from './recent.ts';

const ran = (q: string, atMs: number, group = 'g'): Recent => ({ q, group, t: '-1h', atMs });

describe('questions run before', () => {
  it('stand newest first, each once for its group', () => {
    const list = [ran('b', 2), ran('a', 1)];
    expect(withRecent(list, ran('a', 3)).map((one) => [one.q, one.atMs])).toEqual([
      ['a', 3],
      ['b', 2],
    ]);
    expect(withRecent(list, ran('a', 3, 'other'))).toHaveLength(3);
  });

  it('are at most 30, and neither empty nor a whole file', () => {
    const full = Array.from({ length: 30 }, (_, i) => ran(`q${i}`, i));
    const next = withRecent(full, ran('new', 99));
    expect(next).toHaveLength(30);
    expect(next[0]?.q).toBe('new');
    expect(next.some((one) => one.q === 'q29')).toBe(false);
    expect(withRecent([], ran(' \n', 1))).toEqual([]);
    expect(withRecent([], ran('x'.repeat(4_001), 1))).toEqual([]);
  });
});

describe('the store', () => {
  afterEach(() => vi.unstubAllGlobals());

  const stub = () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    });
    return kept;
  };

  it('keeps environments apart, and forgets one', () => {
    stub();
    remember('a', ran('x', 1));
    remember('b', ran('y', 2));
    expect(recents('a').map((one) => one.q)).toEqual(['x']);
    forgetRecents('a');
    expect(recents('a')).toEqual([]);
    expect(recents('b').map((one) => one.q)).toEqual(['y']);
  });

  it('reads what it can of what others wrote there', () => {
    const kept = stub();
    kept.set('foursight.insights.a', JSON.stringify([{ q: 1 }, null, ran('x', 1)]));
    expect(recents('a').map((one) => one.q)).toEqual(['x']);
    kept.set('foursight.insights.a', '{');
    expect(recents('a')).toEqual([]);
  });

  it('does without storage', () => {
    vi.stubGlobal('localStorage', {
      getItem: () => {
        throw new Error('forbidden');
      },
      setItem: () => {
        throw new Error('forbidden');
      },
    });
    expect(() => remember('a', ran('x', 1))).not.toThrow();
    expect(recents('a')).toEqual([]);
  });
});
