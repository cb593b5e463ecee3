import { useLayoutEffect, useRef } from 'react';
import { token, useTheme } from '@/lib/theme.ts';
import { prepare } from './canvas.ts';

type Point = readonly [x: number, y: number];

/** The points of a line, in pieces where values are missing. */
function runsOf(values: readonly (number | null)[], at: (value: number, i: number) => Point): Point[][] {
  const runs: Point[][] = [[]];
  for (const [i, value] of values.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1)?.push(at(value, i));
  }
  return runs.filter((run) => run.length > 0);
}

/** A line the size of a word; decoration beside its figures. */
export function Spark({
  values,
  colour,
  width = 160,
  height = 16,
  filled = false,
}: {
  values: readonly (number | null)[];
  colour: string;
  width?: number;
  height?: number;
  /** Whether the ground below the line is tinted. */
  filled?: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page
  useLayoutEffect(() => {
    const context = canvas.current ? prepare(canvas.current, width, height) : undefined;
    if (!context) return;
    const known = values.filter((value) => value !== null);
    const lo = Math.min(...known);
    const hi = Math.max(...known);
    context.strokeStyle = token(colour);
    context.fillStyle = token(colour);
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    const at = (value: number, i: number): Point => [
      (i / Math.max(1, values.length - 1)) * width,
      hi > lo ? height - 2 - ((value - lo) / (hi - lo)) * (height - 4) : height / 2,
    ];
    for (const run of runsOf(values, at)) {
      const line = new Path2D();
      for (const [x, y] of run) line.lineTo(x, y);
      context.stroke(line);
      const [first, last] = [run[0], run.at(-1)];
      if (!filled || !first || !last) continue;
      line.lineTo(last[0], height);
      line.lineTo(first[0], height);
      context.globalAlpha = 0.12;
      context.fill(line);
      context.globalAlpha = 1;
    }
  }, [values, colour, width, height, filled, theme]);
  return <canvas ref={canvas} style={{ width, height }} />;
}
