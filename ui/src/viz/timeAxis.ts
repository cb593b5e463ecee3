import { clock, clockMinutes, clockMs, day } from '@/lib/time.ts';

/** Label of a tick, with as much of the time as its distance to the next one needs. */
export function tickLabel(ms: number, stepMs: number): string {
  if (stepMs >= 86_400_000) return day(ms);
  if (ms % 86_400_000 === 0) return day(ms);
  if (stepMs >= 60_000) return clockMinutes(ms);
  return stepMs >= 1000 ? clock(ms) : clockMs(ms).slice(3);
}
