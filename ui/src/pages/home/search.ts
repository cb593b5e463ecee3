import * as v from 'valibot';
import type { Dataset } from '@/api/types.ts';
import { nanos, toMs } from '@/lib/time.ts';

/** What the address says about Home. */
export const homeSearch = v.looseObject({
  /** The length of time looked at, such as `-1h`; left out: what fits the data's age. */
  t: v.optional(v.string()),
  /** The figure services are sorted by, with `-` for the greatest first; left out: the slowest first. */
  sort: v.optional(v.string()),
});

export type HomeSearch = v.InferOutput<typeof homeSearch>;

/** Lengths offered, seconds by their spelling. */
export const LENGTHS: readonly { value: string; label: string; seconds: number }[] = [
  { value: '-15m', label: 'last 15 min', seconds: 900 },
  { value: '-1h', label: 'last 1 h', seconds: 3600 },
  { value: '-6h', label: 'last 6 h', seconds: 21_600 },
  { value: '-24h', label: 'last 24 h', seconds: 86_400 },
];

const HOUR = { value: '-1h', label: 'last 1 h', seconds: 3600 };

/** What the address says; else the last hour, or the last quarter while the environment is younger than that. */
export function lengthOf(t: string | undefined, datasets: readonly Dataset[], nowMs: number) {
  const told = LENGTHS.find((one) => one.value === t);
  if (told) return told;
  const age = nowMs - Math.min(nowMs, ...datasets.map((one) => toMs(nanos(one.created_ns))));
  return LENGTHS.find((one) => one.seconds * 1000 >= age && age > 0 && one.seconds <= HOUR.seconds) ?? HOUR;
}
