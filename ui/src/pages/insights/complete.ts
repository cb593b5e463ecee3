// What can stand at the caret of a question over lines, and how a name gets into the text. Pure.
import { rank } from '@/query/complete.ts';
import type { Words } from './words.ts';

/** What to offer for the text from `from` to the caret, which is `typed`. */
export interface Wanted {
  kind: 'command' | 'expression' | 'nothing';
  from: number;
  typed: string;
}

export interface Offer {
  /** Replaces what is typed. */
  text: string;
  label: string;
  note: string;
}

const SHOWN = 10;

/** Looks at the text before the caret. */
export function wanted(before: string): Wanted {
  const nothing: Wanted = { kind: 'nothing', from: before.length, typed: '' };
  const stage = stageOf(before);
  if (stage === undefined) return nothing;
  const typed = /(?:`[^`]*|[A-Za-z_@][\w.@-]*)$/u.exec(before.slice(stage))?.[0] ?? '';
  const from = before.length - typed.length;
  // A name does not go on from a number or from a closed quote.
  if (/[\w"'`.]$/u.test(before.slice(stage, from))) return nothing;
  const first = before.slice(stage, from).trim() === '';
  return { kind: first ? 'command' : 'expression', from, typed };
}

/** Where the stage of the caret begins; nothing inside a string, a pattern or a comment. */
function stageOf(before: string): number | undefined {
  let stage = 0;
  let closed = true;
  for (let i = 0; i < before.length; i += 1) {
    const c = before.charAt(i);
    if (c === '|') {
      stage = i + 1;
    } else if (c === '#' && before.slice(before.lastIndexOf('\n', i) + 1, i).trim() === '') {
      const end = before.indexOf('\n', i);
      if (end < 0) return undefined;
      // A line that is a comment does not count as the begin of a stage.
      if (before.slice(stage, i).trim() === '') stage = end + 1;
      i = end;
    } else if (c === '"' || c === "'" || c === '`' || (c === '/' && opensPattern(before.slice(0, i)))) {
      const end = endOf(before, i, c);
      // A name in backticks is being typed, and is offered as any other.
      if (end < 0) closed = c === '`';
      i = end < 0 ? before.length : end;
    }
  }
  return closed ? stage : undefined;
}

function endOf(text: string, from: number, quote: string): number {
  for (let i = from + 1; i < text.length; i += 1) {
    if (text[i] === '\\' && quote !== '`') i += 1;
    else if (text[i] === quote) return i;
  }
  return -1;
}

/** Elsewhere a slash divides. */
const opensPattern = (before: string) => /(?:\blike|=~|\bparse(?:\s+\S+)?|[,(])\s*$/iu.test(before);

/** What fits, the best first; a word that is whole already is not offered. */
export function offersOf({ kind, typed }: Wanted, words: Words): Offer[] {
  const all: Offer[] =
    kind === 'nothing'
      ? []
      : kind === 'command'
        ? words.commands.map((name) => ({ text: `${name} `, label: name, note: 'command' }))
        : [
            ...words.fields.map(({ name, type }) => ({ text: name, label: name, note: type || 'field' })),
            ...words.functions.map(({ name, about }) => ({ text: `${name}(`, label: name, note: about })),
            ...words.keywords.map((name) => ({ text: `${name} `, label: name, note: 'keyword' })),
          ];
  const plain = typed.replace(/^`/u, '');
  const found = rank(all, plain, (one) => one.label.replaceAll('`', ''));
  return found.some((one) => one.label === typed) ? [] : found.slice(0, SHOWN);
}

export interface Edited {
  text: string;
  caret: number;
}

/** The offer in place of what is typed. */
export function taken(text: string, caret: number, { from }: Wanted, offer: Offer): Edited {
  const rest = text.slice(caret);
  // A blank or a parenthesis that is there already serves.
  const put =
    rest.startsWith(offer.text.slice(-1)) && /[ (]$/u.test(offer.text) ? offer.text.slice(0, -1) : offer.text;
  const at = from + put.length;
  return { text: text.slice(0, from) + put + rest, caret: at };
}

/** A field added to what the question shows: to its first `fields`, which comes first where there is none. */
export function withField(text: string, name: string): string {
  const shown = /(^|\|)(\s*fields\s+)([^|#]*?)\s*(?=[|#]|$)/iu.exec(text);
  if (!shown) return text.trim() === '' ? `fields ${name}` : `fields ${name}\n| ${text.trimStart()}`;
  const list = shown[3] ?? '';
  if (list.split(',').some((one) => one.trim() === name)) return text;
  const end = shown.index + (shown[1] ?? '').length + (shown[2] ?? '').length + list.length;
  return `${text.slice(0, end)}${list.trim() === '' ? '' : ', '}${name}${text.slice(end)}`;
}
