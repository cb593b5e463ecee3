/** A question in the address: `?ds=&v=&w=&g=&o=&h=&l=&t=`, each clause in its text spelling. */
import { SyntaxProblem } from './lexer.ts';
import { DEFAULT_RANGE, EMPTY, type Question } from './model.ts';
import { parseRange, renderRange } from './range.ts';
import { parseClause, renderClause } from './text.ts';

export interface Address {
  ds?: string | undefined;
  v?: string | undefined;
  w?: string | undefined;
  g?: string | undefined;
  o?: string | undefined;
  h?: string | undefined;
  l?: string | undefined;
  t?: string | undefined;
}

/** A part of the address that is no clause; it stays in the address, and the page says so. */
export interface AddressProblem {
  key: keyof Address;
  text: string;
  message: string;
  at: number;
}

/** What the address asks. Never throws: what cannot be read is reported and passed over. */
export function readAddress(address: Address): { question: Question; problems: AddressProblem[] } {
  const question: Question = { ...EMPTY };
  const problems: AddressProblem[] = [];
  const read = (key: keyof Address, use: (text: string) => void) => {
    const text = address[key];
    if (text === undefined || text.trim() === '') return;
    try {
      use(text);
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      problems.push({ key, text, message: error.message, at: error.at });
    }
  };
  read('v', (text) => {
    question.calculations = parseClause.calculations(text);
  });
  read('w', (text) => {
    Object.assign(question, parseClause.filters(text));
  });
  read('g', (text) => {
    question.breakdowns = parseClause.fields(text);
  });
  read('o', (text) => {
    question.orders = parseClause.orders(text);
  });
  read('h', (text) => {
    question.havings = parseClause.havings(text);
  });
  read('l', (text) => {
    question.limit = parseClause.limit(text);
  });
  read('t', (text) => {
    const range = parseRange(text);
    if (!range) throw new SyntaxProblem('expected a range such as -2h', 0);
    question.range = range;
  });
  return { question, problems };
}

/** The address of a question; what is as usual is left out. */
export function writeAddress(question: Question): Omit<Address, 'ds'> {
  const { range } = question;
  const usual =
    range.kind === 'last' && DEFAULT_RANGE.kind === 'last' && range.seconds === DEFAULT_RANGE.seconds;
  return {
    v: renderClause.calculations(question.calculations) || undefined,
    w: renderClause.filters(question.filters, question.combination) || undefined,
    g: renderClause.fields(question.breakdowns) || undefined,
    o: renderClause.orders(question.orders) || undefined,
    h: renderClause.havings(question.havings) || undefined,
    l: question.limit === undefined ? undefined : String(question.limit),
    t: usual ? undefined : renderRange(range),
  };
}
