// The fields of one row: order, filter, and what kind of text a value is.

import { valueText } from '@/lib/format.ts';

/** From here on a value opens rather than stands in its row. */
const LONG_CHARACTERS = 160;

/** Fields by name whose name or value holds every word of `filter`. */
export function sortedFields(fields: Record<string, unknown>, filter: string): [string, unknown][] {
  const words = filter.toLowerCase().split(/\s+/u).filter(Boolean);
  return Object.entries(fields)
    .filter(([name, value]) => {
      if (words.length === 0) return true;
      const text = `${name}\n${valueText(value)}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Whether a value fits its row. */
export function fieldKind(text: string): 'short' | 'long' {
  return text.length > LONG_CHARACTERS || /[\r\n]/u.test(text) ? 'long' : 'short';
}

/** The first of some fields that is a text. */
export function firstText(
  fields: Record<string, unknown> | undefined,
  ...names: string[]
): string | undefined {
  for (const name of names) {
    const value = fields?.[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}
