/** From an answer to what is drawn on any page. Pure. */
import type { Answer, Heatmap } from '@/api/types.ts';
import type { TimeGrid } from './heat.ts';

/** Times as nanoseconds text, exact; {@link gridOf} is the same in milliseconds. */
export function gridOf(answer: Answer): TimeGrid {
  const ms = (text: string) => Number(BigInt(text) / 1000n) / 1000;
  return {
    firstMs: ms(answer.first_bucket_ns),
    stepMs: ms(answer.step_ns),
    buckets: answer.buckets,
    startMs: ms(answer.start_ns),
    endMs: ms(answer.end_ns),
  };
}

/** The heatmap of one calculation over all rows. */
export function heatmapOf(answer: Answer, at: number): Heatmap | undefined {
  const series = answer.breakdowns.length === 0 ? answer.series[0] : answer.total_series;
  const line = series?.lines[at];
  return line?.kind === 'heatmap' ? line : undefined;
}
