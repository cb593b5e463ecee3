import type { Address } from './address.ts';
import { readAddress } from './address.ts';
import { type Calculation, EMPTY, type Question } from './model.ts';

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

export const OPENING_QUESTION: Question = { ...EMPTY, calculations: [...OPENING] };
