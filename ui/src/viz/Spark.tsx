import { useLayoutEffect, useRef } from 'react';
import { token, useTheme } from '@/lib/theme.ts';
import { prepare } from './canvas.ts';

/** A line the size of a word; decoration beside its figures. */
export function Spark({
  values,
  colour,
  width = 160,
  height = 16,
}: {
  values: readonly (number | null)[];
  colour: string;
  width?: number;
  height?: number;
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
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let pen = false;
    for (const [i, value] of values.entries()) {
      if (value === null) {
        pen = false;
        continue;
      }
      const x = (i / Math.max(1, values.length - 1)) * width;
      const y = hi > lo ? height - 2 - ((value - lo) / (hi - lo)) * (height - 4) : height / 2;
      if (pen) context.lineTo(x, y);
      else context.moveTo(x, y);
      pen = true;
    }
    context.stroke();
  }, [values, colour, width, height, theme]);
  return <canvas ref={canvas} style={{ width, height }} />;
}
