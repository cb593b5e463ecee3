import { describe, expect, it } from 'vitest';
import {
  barBox,
  moveWindow,
  parseWindow,
  scaleWindow,
  ticks,
  windowBetween,
  windowByKey,
  windowText,
} from './axis.ts';
import { pack, randomRows } from './fixture.ts';
import { MiniColour, miniMap } from './minimap.ts';

const whole = { from: 0, to: 212e6 };

describe('ticks', () => {
  it('are round and few', () => {
    expect(ticks(whole, 0, 5)).toEqual([0, 50e6, 100e6, 150e6, 200e6]);
    expect(ticks({ from: 60e6, to: 61e6 }, 0, 5)).toEqual([60e6, 60.2e6, 60.4e6, 60.6e6, 60.8e6, 61e6]);
  });
  it('count from the start of the trace', () => {
    expect(ticks({ from: 7, to: 107 }, 7, 2)).toEqual([7, 57, 107]);
  });
  it('are none for an empty window', () => {
    expect(ticks({ from: 5, to: 5 }, 0, 5)).toEqual([]);
  });
});

describe('window', () => {
  it('cuts bars at its edges', () => {
    const window = { from: 100, to: 200 };
    expect(barBox(window, 50, 150)).toEqual({ left: 0, width: 50, off: undefined });
    expect(barBox(window, 150, 900)).toEqual({ left: 50, width: 50, off: undefined });
    expect(barBox(window, 0, 50).off).toBe('before');
    expect(barBox(window, 300, 350).off).toBe('after');
  });
  it('moves and scales inside the whole', () => {
    expect(moveWindow({ from: 0, to: 50e6 }, whole, -10e6)).toEqual({ from: 0, to: 50e6 });
    expect(moveWindow({ from: 100e6, to: 200e6 }, whole, 50e6)).toEqual({ from: 112e6, to: 212e6 });
    expect(scaleWindow({ from: 0, to: 100e6 }, whole, 10)).toEqual(whole);
    expect(scaleWindow({ from: 0, to: 100e6 }, whole, 0.5, 0)).toEqual({ from: 0, to: 50e6 });
  });
  it('is never shorter than a microsecond', () => {
    const window = windowBetween(5_000_000, 5_000_001, whole);
    expect(window.to - window.from).toBeGreaterThanOrEqual(1_000);
  });
  it('moves by keys', () => {
    const window = { from: 0, to: 106e6 };
    expect(windowByKey('ArrowRight', false, 'from', window, whole)).toEqual({ from: 2.12e6, to: 106e6 });
    expect(windowByKey('ArrowLeft', true, 'to', window, whole)).toEqual({ from: 0, to: 84.8e6 });
    expect(windowByKey('End', false, 'to', window, whole)).toEqual(whole);
    expect(windowByKey('End', false, 'from', window, whole)?.to).toBe(106e6);
    expect(windowByKey('0', false, 'from', window, whole)).toEqual(whole);
    expect(windowByKey('x', false, 'from', window, whole)).toBeUndefined();
  });
  it('survives the URL', () => {
    const window = { from: 10e6, to: 90e6 };
    expect(parseWindow(windowText(window, whole), whole)).toEqual(window);
    expect(windowText(whole, whole)).toBeUndefined();
    for (const text of ['', 'x', '5-1', '-1-5', '999999999999-9999999999999', '1e3-2e3']) {
      expect(parseWindow(text, whole)).toBeUndefined();
    }
  });
});

describe('mini-map', () => {
  it('gives each row of a small trace a lane', () => {
    const { layout } = pack([
      { id: 'a', start: 0, length: 100 },
      { id: 'b', parent: 'a', start: 50, length: 50, status: 'error' },
    ]);
    expect(miniMap(layout, 100, 24, () => 3)).toEqual([
      { lane: 0, x: 0, width: 100, colour: 3 },
      { lane: 1, x: 50, width: 50, colour: MiniColour.error },
    ]);
  });
  it('keeps every error of a large one', () => {
    const { layout } = pack(randomRows(20_000, 7));
    const runs = miniMap(layout, 900, 24, () => 1);
    expect(runs.some((run) => run.colour === MiniColour.error)).toBe(true);
    expect(Math.max(...runs.map((run) => run.lane))).toBe(23);
    expect(runs.every((run) => run.x >= 0 && run.x + run.width <= 900)).toBe(true);
  });
});
