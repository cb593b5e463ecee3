/** Words of the text spelling of a question. */

export type Token =
  | { kind: 'word'; text: string; at: number }
  | { kind: 'field'; text: string; at: number }
  | { kind: 'string'; text: string; at: number }
  | { kind: 'symbol'; text: ',' | '(' | ')' | '=' | '!=' | '>' | '>=' | '<' | '<='; at: number }
  | { kind: 'end'; text: ''; at: number };

/** Text that is no question: says where and what was expected. `at` counts UTF-16 units. */
export class SyntaxProblem extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.name = 'SyntaxProblem';
    this.at = at;
  }
}

const SPACE = /\s/;
const WORD_END = /[\s,()"'`=<>!]/;

/** Splits `text`; the last token is `end`. */
export function tokens(text: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const c = text.charAt(at);
    if (SPACE.test(c)) {
      at++;
      continue;
    }
    const start = at;
    if (c === ',' || c === '(' || c === ')' || c === '=') {
      out.push({ kind: 'symbol', text: c, at });
      at++;
    } else if (c === '>' || c === '<') {
      const two = text.charAt(at + 1) === '=';
      out.push({ kind: 'symbol', text: two ? `${c}=` : c, at });
      at += two ? 2 : 1;
    } else if (c === '!') {
      if (text.charAt(at + 1) !== '=') throw new SyntaxProblem('“!” stands only in “!=”', at);
      out.push({ kind: 'symbol', text: '!=', at });
      at += 2;
    } else if (c === '`') {
      const [name, end] = backticked(text, at);
      out.push({ kind: 'field', text: name, at: start });
      at = end;
    } else if (c === '"') {
      const [value, end] = quoted(text, at);
      out.push({ kind: 'string', text: value, at: start });
      at = end;
    } else if (c === "'") {
      throw new SyntaxProblem('text stands in double quotes', at);
    } else {
      while (at < text.length && !WORD_END.test(text.charAt(at))) at++;
      out.push({ kind: 'word', text: text.slice(start, at), at: start });
    }
  }
  out.push({ kind: 'end', text: '', at: text.length });
  return out;
}

function backticked(text: string, start: number): [string, number] {
  let name = '';
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c !== '`') {
      name += c;
    } else if (text.charAt(at + 1) === '`') {
      name += '`';
      at++;
    } else {
      return [name, at + 1];
    }
  }
  throw new SyntaxProblem('this ` is not closed', start);
}

function quoted(text: string, start: number): [string, number] {
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '\\') {
      at++;
    } else if (c === '"') {
      try {
        return [JSON.parse(text.slice(start, at + 1)) as string, at + 1];
      } catch {
        throw new SyntaxProblem('an escape in this text is not known', start);
      }
    }
  }
  throw new SyntaxProblem('this " is not closed', start);
}
