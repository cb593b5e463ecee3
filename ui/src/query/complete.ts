/** What can stand at the caret of a clause being typed. Pure. */
import { FILTER_OPS, type FilterOp, HAVING_OPS, OPS, operandOf } from './model.ts';

export type ClauseKind = 'calculation' | 'filter' | 'field' | 'order' | 'having';

/** What to offer, for the text from `from` to the caret, which is `typed`. */
export type Wanted =
  | { kind: 'operation'; from: number; typed: string }
  | { kind: 'field'; from: number; typed: string; numeric: boolean; suffix: string }
  | { kind: 'words'; from: number; typed: string; words: readonly string[] }
  | { kind: 'value'; from: number; typed: string; field: string }
  | { kind: 'target'; from: number; typed: string }
  | { kind: 'nothing' };

const WORD = /(?:`(?:[^`]|``)*`?|[^\s,()"'`=<>!]+)$/;
const COMPARISON = new RegExp(
  `^\\s*(\`(?:[^\`]|\`\`)+\`|[^\\s,()"'\`=<>!]+)\\s*(${[...FILTER_OPS]
    .sort((a, b) => b.length - a.length)
    .map((op) => (/[a-z]/.test(op) ? `\\s${op}(?=[\\s(])` : op))
    .join('|')})\\s*`,
  'i',
);

/** Looks at the text before the caret. */
export function wanted(kind: ClauseKind, before: string): Wanted {
  switch (kind) {
    case 'field':
      return { kind: 'field', ...word(before), numeric: false, suffix: '' };
    case 'calculation': {
      const open = before.indexOf('(');
      if (open < 0) return { kind: 'operation', ...word(before) };
      if (before.includes(')')) return { kind: 'nothing' };
      const op = before.slice(0, open).trim().toUpperCase();
      const any = op === 'COUNT' || op === 'COUNT_DISTINCT';
      return { kind: 'field', ...word(before, open + 1), numeric: !any, suffix: ')' };
    }
    case 'filter':
      return filterWanted(before);
    case 'order': {
      if (/[^\s,]\s+\S*$/.test(before)) return { kind: 'words', ...word(before), words: ['desc', 'asc'] };
      return { kind: 'target', from: 0, typed: before };
    }
    case 'having': {
      if (!/\s/.test(before.trimStart())) return { kind: 'target', from: 0, typed: before };
      if (/^\s*\S+\s+[=<>!]*$/.test(before)) {
        const typed = /[=<>!]*$/.exec(before)?.[0] ?? '';
        return { kind: 'words', from: before.length - typed.length, typed, words: HAVING_OPS };
      }
      return { kind: 'nothing' };
    }
  }
}

function filterWanted(before: string): Wanted {
  const compared = COMPARISON.exec(before);
  if (compared) {
    const op = (compared[2] ?? '').trim().toLowerCase() as FilterOp;
    if (operandOf(op) === 'none') return { kind: 'nothing' };
    const list = operandOf(op) === 'list';
    const start = list
      ? Math.max(compared[0].length, before.lastIndexOf(',') + 1, before.lastIndexOf('(') + 1)
      : compared[0].length;
    const rest = before.slice(start);
    const from = start + (rest.length - rest.trimStart().length);
    return {
      kind: 'value',
      from,
      typed: before.slice(from).replace(/^"/, ''),
      field: unquote(compared[1] ?? ''),
    };
  }
  const named = /^\s*(?:`(?:[^`]|``)+`|[^\s,()"'`=<>!]+)\s+(\S*)$/.exec(before);
  if (named) {
    const typed = named[1] ?? '';
    return { kind: 'words', from: before.length - typed.length, typed, words: FILTER_OPS };
  }
  return { kind: 'field', ...word(before), numeric: false, suffix: ' ' };
}

function word(before: string, least = 0): { from: number; typed: string } {
  const typed = WORD.exec(before.slice(least))?.[0] ?? '';
  return { from: before.length - typed.length, typed: typed.replace(/^`|`$/g, '') };
}

function unquote(field: string): string {
  return field.startsWith('`') ? field.slice(1, -1).replaceAll('``', '`') : field;
}

export interface Operation {
  name: (typeof OPS)[number];
  says: string;
}

const SAYS: Partial<Record<(typeof OPS)[number], string>> = {
  COUNT: 'number of events',
  SUM: 'sum of a field',
  AVG: 'mean of a field',
  MIN: 'least value',
  MAX: 'greatest value',
  COUNT_DISTINCT: 'number of different values',
  HEATMAP: 'values over time',
  CONCURRENCY: 'spans open at the same time',
  RATE_AVG: 'change of the mean',
  RATE_SUM: 'change of the sum',
  RATE_MAX: 'change of the greatest',
};

export const OPERATIONS: readonly Operation[] = OPS.map((name) => ({
  name,
  says: SAYS[name] ?? `${percent(name)} of values lie below`,
}));

function percent(name: string): string {
  const digits = name.slice(1);
  // P50 is 50 %, P999 is 99.9 %, P001 is 0.1 %.
  const value = digits.length <= 2 ? Number(digits) : Number(digits) / 10;
  return `${value} %`;
}

/** Those that contain all parts of `typed`, best first: equal, then beginning with it, then a part that does. */
export function rank<T>(items: readonly T[], typed: string, text: (item: T) => string): T[] {
  const needle = typed.trim().toLowerCase();
  if (!needle) return [...items];
  const scored: { item: T; score: number }[] = [];
  for (const item of items) {
    const name = text(item).toLowerCase();
    const at = name.indexOf(needle);
    if (at < 0) continue;
    const boundary = at === 0 || /[._\-/ (]/.test(name.charAt(at - 1));
    scored.push({ item, score: name === needle ? 0 : at === 0 ? 1 : boundary ? 2 : 3 });
  }
  return scored.sort((a, b) => a.score - b.score).map((one) => one.item);
}
