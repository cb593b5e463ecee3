import { describe, expect, it } from 'vitest';
import type { Heatmap } from '@/api/types.ts';
import { binAt, boxOf, countIn, level, moved, peakCell, snap, type TimeGrid, valueScale } from './heat.ts';
import { linearTicks, logTicks, timeTicks, toPixel, toValue } from './scale.ts';

const grid: TimeGrid = { firstMs: 0, stepMs: 1000, buckets: 10, startMs: 500, endMs: 9500 };
const map: Heatmap = {
  min: [1, 10, 100, 1000],
  max: [10, 100, 1000, 10_000],
  cells: [0, 1, 5, 3, 2, 7, 4, 2, 9, 4, 3, 1, 9, 0, 2],
  peak: 9,
};

describe('a box on a heatmap', () => {
  it('grows to whole cells, within the range', () => {
    expect(snap(map, grid, { startMs: 3200, endMs: 4100, min: 150, max: 900 })).toEqual({
      startMs: 3000,
      endMs: 5000,
      min: 100,
      max: 1000,
    });
    expect(snap(map, grid, { startMs: 500, endMs: 700, min: 2, max: 3 })).toMatchObject({
      startMs: 500,
      endMs: 1000,
    });
  });

  it('takes in no bin that it does not touch: bins without values are not there', () => {
    const sparse = { ...map, min: [1, 800], max: [10, 900] };
    const box = snap(sparse, grid, { startMs: 3200, endMs: 4100, min: 150, max: 850 });
    expect([box.min, box.max]).toEqual([150, 900]);
    expect(snap(sparse, grid, { startMs: 3200, endMs: 4100, min: 5, max: 2000 })).toMatchObject({
      min: 1,
      max: 2000,
    });
  });

  it('counts what lies inside, and all', () => {
    const box = snap(map, grid, { startMs: 3200, endMs: 4100, min: 150, max: 900 });
    expect(countIn(map, grid, box)).toEqual({ inside: 16, all: 24 });
    expect(countIn(map, grid, { ...box, max: 10_000 }).inside).toBe(17);
  });

  it('spans two cells from keys, whichever was first', () => {
    const a = { bucket: 4, bin: 3 };
    const b = { bucket: 3, bin: 2 };
    expect(boxOf(a, b, map, grid)).toEqual(boxOf(b, a, map, grid));
    expect(boxOf(a, b, map, grid)).toEqual({ startMs: 3000, endMs: 5000, min: 100, max: 10_000 });
  });

  it('is moved by keys and stays on the map', () => {
    expect(moved({ bucket: 0, bin: 0 }, 'ArrowLeft', grid, 4)).toEqual({ bucket: 0, bin: 0 });
    expect(moved({ bucket: 0, bin: 3 }, 'ArrowUp', grid, 4)).toEqual({ bucket: 0, bin: 3 });
    expect(moved({ bucket: 5, bin: 1 }, 'End', grid, 4)).toEqual({ bucket: 9, bin: 1 });
    expect(moved({ bucket: 5, bin: 1 }, 'x', grid, 4)).toBeUndefined();
  });

  it('begins at the peak', () => {
    expect(peakCell(map)).toEqual({ bucket: 4, bin: 2 });
  });

  it('finds bins between and beyond the edges', () => {
    expect([0, 1, 9.9, 10, 5000, 1e9].map((value) => binAt(map.min, value))).toEqual([0, 0, 0, 1, 3, 3]);
  });
});

describe('colours of cells', () => {
  it('rise on a log scale from 1 to the peak', () => {
    expect([1, 10, 100, 1000].map((count) => level(count, 1000))).toEqual([0, 2, 5, 7]);
    expect(level(1, 1)).toBe(7);
  });
});

describe('axes', () => {
  it('find the value under a pixel again', () => {
    for (const kind of ['log', 'linear'] as const) {
      const scale = valueScale(map, kind, 200, 0);
      for (const value of [1, 7, 120, 9999])
        expect(toValue(scale, toPixel(scale, value))).toBeCloseTo(value, 6);
    }
  });

  it('fall back from log where nothing is above 0', () => {
    expect(valueScale({ min: [-5], max: [0], cells: [], peak: 0 }, 'log', 1, 0).kind).toBe('linear');
    expect(valueScale({ min: [], max: [], cells: [], peak: 0 }, 'log', 1, 0).kind).toBe('linear');
  });

  it('show round values', () => {
    expect(linearTicks(0, 3200, 4)).toEqual([0, 1000, 2000, 3000]);
    expect(linearTicks(0, 0.35, 4)).toEqual([0, 0.1, 0.2, 0.3]);
    expect(logTicks(5, 6300, 5)).toEqual([10, 100, 1000]);
    expect(logTicks(80, 900, 6)).toEqual([100, 200, 500]);
    expect(timeTicks(0, 3_600_000, 6)).toEqual({
      ticks: [0, 6, 12, 18, 24, 30, 36].map((i) => i * 100_000),
      stepMs: 600_000,
    });
  });
});
