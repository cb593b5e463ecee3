/**
 * The text spelling of a question, as the server reads and writes it:
 * `HEATMAP(duration_ms), COUNT where status>=500 and name exists group by name order by COUNT desc limit 10 from -2h`.
 * Each clause alone is also what the address holds.
 */
import { SyntaxProblem, type Token, tokens } from './lexer.ts';
import {
  type Calculation,
  DEFAULT_RANGE,
  EMPTY,
  FILTER_OPS,
  type Filter,
  type FilterOp,
  fieldless,
  HAVING_OPS,
  type Having,
  type HavingOp,
  labelOf,
  OPS,
  type Op,
  type Order,
  operandOf,
  type Question,
  type Range,
  type Scalar,
} from './model.ts';
import { parseRange, renderRange } from './range.ts';

const CLAUSES = ['where', 'group', 'order', 'having', 'limit', 'from'];
const KEYWORDS = new Set([
  ...CLAUSES,
  'by',
  'and',
  'or',
  'asc',
  'desc',
  'true',
  'false',
  ...FILTER_OPS.filter((op) => /[a-z]/.test(op)),
]);
const OP_NAMES = new Set<string>(OPS);
const FILTER_NAMES = new Set<string>(FILTER_OPS);
const HAVING_NAMES = new Set<string>(HAVING_OPS);

const BARE_FIELD = /^[A-Za-z_@$][A-Za-z0-9_.@$/:-]*$/;
const BARE_VALUE = /^[A-Za-z_/@][A-Za-z0-9_./@:-]*$/;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

class Reader {
  readonly #tokens: Token[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  take(): Token {
    const token = this.peek();
    if (this.#next < this.#tokens.length - 1) this.#next++;
    return token;
  }

  isWord(word: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'word' && token.text.toLowerCase() === word;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.take();
    return true;
  }

  takeSymbol(symbol: string): boolean {
    const token = this.peek();
    if (token.kind !== 'symbol' || token.text !== symbol) return false;
    this.take();
    return true;
  }

  atClauseEnd(): boolean {
    const token = this.peek();
    return token.kind === 'end' || (token.kind === 'word' && CLAUSES.includes(token.text.toLowerCase()));
  }

  fail(expected: string): never {
    const token = this.peek();
    const found = token.kind === 'end' ? 'the end' : `“${token.text}”`;
    throw new SyntaxProblem(`expected ${expected}, found ${found}`, token.at);
  }

  end(): void {
    if (this.peek().kind !== 'end') this.fail('the end');
  }
}

function field(reader: Reader): string {
  const token = reader.peek();
  if (token.kind === 'field' || (token.kind === 'word' && !KEYWORDS.has(token.text.toLowerCase()))) {
    reader.take();
    return token.text;
  }
  return reader.fail('a field');
}

/** An operation and its field; `undefined` when the next word is no operation. */
function calculation(reader: Reader): Calculation | undefined {
  const token = reader.peek();
  if (token.kind !== 'word') return undefined;
  const name = token.text.toUpperCase();
  if (!OP_NAMES.has(name)) return undefined;
  const op = name as Op;
  const next = reader.peek(1);
  const open = next.kind === 'symbol' && next.text === '(';
  // A field may bear the name of an operation: only what can stand as one is one.
  if (!open && !fieldless(op)) return undefined;
  reader.take();
  if (!reader.takeSymbol('(')) return { op };
  if (fieldless(op) && reader.takeSymbol(')')) return { op };
  const column = field(reader);
  if (!reader.takeSymbol(')')) reader.fail('“)”');
  return { op, column };
}

function calculations(reader: Reader): Calculation[] {
  const out: Calculation[] = [];
  if (reader.atClauseEnd()) return out;
  do {
    out.push(calculation(reader) ?? reader.fail('a calculation such as COUNT or P95(duration_ms)'));
  } while (reader.takeSymbol(','));
  return out;
}

function value(reader: Reader): Scalar {
  const token = reader.take();
  if (token.kind === 'string') return token.text;
  if (token.kind === 'word') {
    if (NUMBER.test(token.text)) {
      const number = Number(token.text);
      // Digits beyond 2^53 would change silently; as text they compare exactly.
      return Number.isInteger(number) && !Number.isSafeInteger(number) ? token.text : number;
    }
    const lower = token.text.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    return token.text;
  }
  throw new SyntaxProblem('expected a value', token.at);
}

function values(reader: Reader): Scalar[] {
  if (!reader.takeSymbol('(')) reader.fail('“(” and values');
  const out: Scalar[] = [];
  do {
    out.push(value(reader));
  } while (reader.takeSymbol(','));
  if (!reader.takeSymbol(')')) reader.fail('“,” or “)”');
  return out;
}

function filter(reader: Reader): Filter {
  const column = field(reader);
  const token = reader.peek();
  const name = token.kind === 'word' ? token.text.toLowerCase() : token.text;
  if ((token.kind !== 'word' && token.kind !== 'symbol') || !FILTER_NAMES.has(name)) {
    return reader.fail('a comparison such as = or exists');
  }
  reader.take();
  const op = name as FilterOp;
  switch (operandOf(op)) {
    case 'none':
      return { column, op };
    case 'list':
      return { column, op, value: values(reader) };
    default:
      return { column, op, value: value(reader) };
  }
}

function filters(reader: Reader): Pick<Question, 'filters' | 'combination'> {
  const out: Filter[] = [filter(reader)];
  let word: 'and' | 'or' | undefined;
  while (reader.isWord('and') || reader.isWord('or')) {
    const next = reader.isWord('and') ? 'and' : 'or';
    if (word !== undefined && word !== next) reader.fail(`“${word}”: and and or are not mixed`);
    word = next;
    reader.take();
    out.push(filter(reader));
  }
  return { filters: out, combination: word === 'or' ? 'OR' : 'AND' };
}

function fields(reader: Reader): string[] {
  const out: string[] = [];
  do {
    out.push(field(reader));
  } while (reader.takeSymbol(','));
  return out;
}

function orders(reader: Reader): Order[] {
  const out: Order[] = [];
  do {
    const by = calculation(reader) ?? { column: field(reader) };
    const descending = reader.takeWord('desc');
    if (!descending) reader.takeWord('asc');
    out.push({ ...by, order: descending ? 'descending' : 'ascending' });
  } while (reader.takeSymbol(','));
  return out;
}

function havings(reader: Reader): Having[] {
  const out: Having[] = [];
  do {
    const { op: calculate_op, ...column } = calculation(reader) ?? reader.fail('a calculation');
    const token = reader.peek();
    if (token.kind !== 'symbol' || !HAVING_NAMES.has(token.text)) reader.fail('one of = != > >= < <=');
    reader.take();
    const number = reader.peek();
    if (number.kind !== 'word' || !NUMBER.test(number.text)) return reader.fail('a number');
    reader.take();
    out.push({ calculate_op, ...column, op: token.text as HavingOp, value: Number(number.text) });
  } while (reader.takeWord('and'));
  return out;
}

function limit(reader: Reader): number {
  const token = reader.peek();
  const number = token.kind === 'word' && /^\d{1,5}$/.test(token.text) ? Number(token.text) : 0;
  if (number < 1 || number > 10_000) return reader.fail('a number from 1 to 10,000');
  reader.take();
  return number;
}

function range(reader: Reader): Range {
  const token = reader.take();
  const found = token.kind === 'word' ? parseRange(token.text) : undefined;
  if (!found)
    throw new SyntaxProblem('expected a range such as -2h or 2026-03-03T10:00Z..2026-03-03T11:00Z', token.at);
  return found;
}

function whole<T>(text: string, read: (reader: Reader) => T): T {
  const reader = new Reader(text);
  const out = read(reader);
  reader.end();
  return out;
}

/** Reads one clause, without its keyword. All throw {@link SyntaxProblem}. */
export const parseClause = {
  calculations: (text: string) => whole(text, calculations),
  filters: (text: string) => whole(text, filters),
  fields: (text: string) => whole(text, fields),
  orders: (text: string) => whole(text, orders),
  havings: (text: string) => whole(text, havings),
  limit: (text: string) => whole(text, limit),
};

/** Reads a whole question. Throws {@link SyntaxProblem}. */
export function parseQuestion(text: string): Question {
  const reader = new Reader(text);
  const out: Question = { ...EMPTY, calculations: calculations(reader) };
  const by = (word: string) => {
    if (!reader.takeWord(word)) return false;
    if (word !== 'group' && word !== 'order') return true;
    return reader.takeWord('by') || reader.fail('“by”');
  };
  if (by('where')) Object.assign(out, filters(reader));
  if (by('group')) out.breakdowns = fields(reader);
  if (by('order')) out.orders = orders(reader);
  if (by('having')) out.havings = havings(reader);
  if (by('limit')) out.limit = limit(reader);
  if (by('from')) out.range = range(reader);
  reader.end();
  return out;
}

export function renderField(name: string): string {
  const bare = BARE_FIELD.test(name) && !KEYWORDS.has(name.toLowerCase());
  return bare ? name : `\`${name.replaceAll('`', '``')}\``;
}

export function renderValue(scalar: Scalar): string {
  if (typeof scalar !== 'string') return String(scalar);
  const bare = BARE_VALUE.test(scalar) && !KEYWORDS.has(scalar.toLowerCase());
  return bare ? scalar : JSON.stringify(scalar);
}

export function renderCalculation(one: { op: Op; column?: string | undefined }): string {
  return one.column === undefined ? one.op : `${one.op}(${renderField(one.column)})`;
}

export function renderFilter({ column, op, value: operand }: Filter): string {
  const name = renderField(column);
  if (operand === undefined) return `${name} ${op}`;
  if (Array.isArray(operand)) return `${name} ${op} (${operand.map(renderValue).join(', ')})`;
  return /[a-z]/.test(op) ? `${name} ${op} ${renderValue(operand)}` : `${name}${op}${renderValue(operand)}`;
}

export function renderOrder({ op, column, order }: Order): string {
  const by = op === undefined ? renderField(column ?? '') : renderCalculation({ op, column });
  return order === 'descending' ? `${by} desc` : by;
}

export function renderHaving({ calculate_op, column, op, value: number }: Having): string {
  return `${renderCalculation({ op: calculate_op, column })}${op}${number}`;
}

/** Writes one clause, without its keyword; empty for an empty clause. */
export const renderClause = {
  calculations: (list: readonly Calculation[]) => list.map(renderCalculation).join(','),
  filters: (list: readonly Filter[], combination: 'AND' | 'OR') =>
    list.map(renderFilter).join(combination === 'OR' ? ' or ' : ' and '),
  fields: (list: readonly string[]) => list.map(renderField).join(','),
  orders: (list: readonly Order[]) => list.map(renderOrder).join(','),
  havings: (list: readonly Having[]) => list.map(renderHaving).join(' and '),
};

/** Writes a whole question as text that {@link parseQuestion} and the server read back. */
export function renderQuestion(question: Question): string {
  const spaced = (text: string) => text.replaceAll(',', ', ');
  const parts = [
    question.calculations.length > 0 ? question.calculations.map(renderCalculation).join(', ') : '',
    clause('where', renderClause.filters(question.filters, question.combination)),
    clause('group by', question.breakdowns.map(renderField).join(', ')),
    clause('order by', question.orders.map(renderOrder).join(', ')),
    clause('having', renderClause.havings(question.havings)),
    clause('limit', question.limit === undefined ? '' : String(question.limit)),
    clause('from', question.range === DEFAULT_RANGE ? '' : spaced(renderRange(question.range))),
  ];
  return parts.filter(Boolean).join(' ');
}

function clause(keyword: string, text: string): string {
  return text ? `${keyword} ${text}` : '';
}

/** The label of what an order or a condition on groups refers to. */
export function targetLabel(target: { op?: Op; column?: string | undefined }): string {
  return target.op === undefined ? (target.column ?? '') : labelOf({ op: target.op, column: target.column });
}
