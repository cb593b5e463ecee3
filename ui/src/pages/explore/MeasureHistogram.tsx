import { useLayoutEffect, useMemo, useRef } from 'react';
import type { Bin } from '@/api/types.ts';
import { measured } from '@/lib/format.ts';
import { token, useTheme } from '@/lib/theme.ts';
import { useSize } from '@/lib/useSize.ts';
import { prepare } from '@/viz/canvas.ts';
import { columnsOf } from './bubble.ts';
import styles from './MeasureHistogram.module.css';

const COLUMNS = 36;

/** A numeric field: the baseline's values, and the selection's over them. */
export function MeasureHistogram({
  field,
  selected,
  baseline,
  chosen,
}: {
  field: string;
  selected: readonly Bin[];
  baseline: readonly Bin[];
  chosen: boolean;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height } = useSize(canvas);
  const theme = useTheme();
  const columns = useMemo(() => columnsOf(selected, baseline, COLUMNS), [selected, baseline]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme's colours are read from the page
  useLayoutEffect(() => {
    if (!canvas.current || width === 0) return;
    const context = prepare(canvas.current, width, height);
    if (!context) return;
    const step = width / Math.max(columns.length, 1);
    const bar = Math.max(1, Math.floor(step) - 1);
    const draw = (name: 'selected' | 'baseline', colour: string, alpha: number) => {
      context.fillStyle = token(colour);
      context.globalAlpha = alpha;
      for (const [i, column] of columns.entries()) {
        const tall = column[name] > 0 ? Math.max(1, Math.round(column[name] * (height - 4))) : 0;
        context.fillRect(Math.floor(i * step), height - 1 - tall, bar, tall);
      }
      context.globalAlpha = 1;
    };
    draw('baseline', 'base', 1);
    if (chosen) draw('selected', 'sel', 0.85);
    context.fillStyle = token('border');
    context.fillRect(0, height - 1, width, 1);
  }, [columns, chosen, width, height, theme]);
  const [first, middle, last] = [columns[0], columns[Math.floor(columns.length / 2)], columns.at(-1)];
  const say = (value: number | undefined) => (value === undefined ? '' : measured(field, value));
  return (
    <>
      <canvas
        ref={canvas}
        className={styles.canvas}
        role="img"
        aria-label={`Values of ${field} from ${say(first?.min)} to ${say(last?.max)}${chosen ? ', selection against baseline' : ''}`}
      />
      <div className={styles.axis}>
        <span>{say(first?.min)}</span>
        <span>{columns.length > 2 ? say(middle?.min) : ''}</span>
        <span>{say(last?.max)}</span>
      </div>
    </>
  );
}
