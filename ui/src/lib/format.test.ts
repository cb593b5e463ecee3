import { describe, expect, it } from 'vitest';
import { colourIndexes } from './color.ts';
import { bytes, duration, share, short } from './format.ts';

describe('figures', () => {
  it.each([
    [0, '0'],
    [0.000_4, '400 ns'],
    [0.412, '412 µs'],
    [87.04, '87 ms'],
    [1240, '1.24 s'],
    [125_000, '2 min 5 s'],
    [9_000_000, '2 h 30 min'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text));

  it('a share that is not nothing never reads as nothing, nor one that is not all as all', () => {
    expect(share(1, 1e9)).toBe('<0.01 %');
    expect(share(1204, 3_214_880)).toBe('0.04 %');
    expect(share(999, 1000)).toBe('99 %');
    expect(share(5, 5)).toBe('100 %');
    expect(share(0, 5)).toBe('0 %');
    expect(share(0, 0)).toBe('–');
  });

  it('short ones keep their size', () => {
    expect(short(12_345)).toBe('12.3 k');
    expect(short(9999)).toBe('9,999');
    expect(bytes(412_000_000)).toBe('412 MB');
  });
});

describe('colours of series', () => {
  it('never clash while there are enough', () => {
    const names = Array.from({ length: 8 }, (_, i) => `service-${i}`);
    expect(new Set([...colourIndexes(names).values()].map((one) => one.index)).size).toBe(8);
  });

  it('repeat with another pattern past eight', () => {
    const names = Array.from({ length: 20 }, (_, i) => `service-${i}`);
    const all = [...colourIndexes(names).values()].map((one) => `${one.index}/${one.round}`);
    expect(new Set(all).size).toBe(20);
  });
});
