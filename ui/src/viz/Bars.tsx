import { useLayoutEffect, useRef } from 'react';
import { token, useTheme } from '@/lib/theme.ts';
import { prepare } from './canvas.ts';

/** Bars the size of a word, on a base line; decoration beside its figures. */
export function Bars({
  values,
  colour,
  width = 96,
  height = 16,
}: {
  values: readonly number[];
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
    const most = Math.max(1, ...values);
    const step = width / Math.max(1, values.length);
    context.fillStyle = token(colour);
    for (const [i, value] of values.entries()) {
      // What is not nothing is seen.
      const tall = value > 0 ? Math.max(1, Math.round((value / most) * (height - 1))) : 0;
      context.fillRect(Math.floor(i * step), height - tall, Math.max(1, Math.floor(step) - 1), tall);
    }
    context.fillStyle = token('line');
    context.fillRect(0, height - 1, width, 1);
  }, [values, colour, width, height, theme]);
  return <canvas ref={canvas} style={{ width, height }} />;
}
