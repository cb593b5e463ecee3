import type { Address } from './address.ts';
import { readAddress } from './address.ts';
import type { Calculation } from './model.ts';

/** What is shown before anything was asked: where the time goes. */
export const OPENING: readonly Calculation[] = [
  { op: 'HEATMAP', column: 'duration_ms' },
  { op: 'P95', column: 'duration_ms' },
  { op: 'COUNT' },
];

/** The question of an address; the opening one's calculations where it names none. */
export function questionOf(address: Address): ReturnType<typeof readAddress> {
  const read = readAddress(address);
  if (address.v !== undefined) {
    // An emptied or unreadable clause still asks something: how many.
    const asked = read.question.calculations;
    return {
      ...read,
      question: { ...read.question, calculations: asked.length > 0 ? asked : [{ op: 'COUNT' }] },
    };
  }
  return { ...read, question: { ...read.question, calculations: [...OPENING] } };
}

/** The range that a first look at young data takes; none when the usual one fits. */
export function openingRange(datasets: readonly { created_ns: string }[], nowMs: number): string | undefined {
  if (datasets.length === 0) return undefined;
  const oldest = Math.min(...datasets.map((one) => Number(BigInt(one.created_ns) / 1_000_000n)));
  const minutes = (nowMs - oldest) / 60_000;
  return minutes < 10 ? '-10m' : minutes < 30 ? '-30m' : minutes < 60 ? '-1h' : undefined;
}
