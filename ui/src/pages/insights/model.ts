// From an answer over lines to what is drawn and exported. Pure.

import type { LogQueryAnswer } from '@/api/types.ts';
import { colourIndexes } from '@/lib/color.ts';
import { csvCell } from '@/lib/csv.ts';
import type { ChartLine } from '@/viz/LineChart.tsx';

/** The pointer to a line is for programs. */
const HIDDEN = '@ptr';

/** More points than pixels tell nothing. */
const MOST_TIMES = 2_000;

export interface Column {
  name: string;
  /** Its place in the rows. */
  at: number;
  kind: LogQueryAnswer['columns'][number]['kind'];
}

/** The columns a reader sees. */
export function columnsOf(answer: LogQueryAnswer): Column[] {
  return answer.columns
    .map(({ name, kind }, at) => ({ name, kind, at }))
    .filter((column) => column.name !== HIDDEN);
}

/** What is drawn over time. */
export interface Course {
  /** What its values are. */
  label: string;
  times: number[];
  stepMs: number;
  lines: ChartLine[];
}

/**
 * Groups by a time are drawn as they are: the first figure over that time, one line for each of the other groups.
 * For all other answers the lines that passed are counted over time.
 */
export function courseOf(answer: LogQueryAnswer, query: string): Course {
  return groupsOverTime(answer, keysOf(query)) ?? linesOverTime(answer);
}

/** Names of the columns that group: what stands after `by` of the last `stats`, each by its own name if it has one. */
export function keysOf(query: string): string[] {
  const by = [...query.matchAll(/\bstats\b[^|]*?\bby\b([^|]*)/giu)].at(-1)?.[1] ?? '';
  return split(by.replace(/#.*$/gmu, ''))
    .map((one) => /\bas\s+(\S+)\s*$/iu.exec(one)?.[1] ?? one)
    .map(plain)
    .filter((one) => one !== '');
}

/** At commas that stand in no parentheses. */
function split(text: string): string[] {
  const out = [''];
  let depth = 0;
  for (const c of text) {
    depth += c === '(' ? 1 : c === ')' ? -1 : 0;
    if (c === ',' && depth === 0) out.push('');
    else out[out.length - 1] += c;
  }
  return out;
}

const plain = (name: string) => name.replace(/[\s`]/gu, '');

function linesOverTime({ histogram }: LogQueryAnswer): Course {
  const stepMs = Number(BigInt(histogram.step_ns) / 1000n) / 1000;
  const startMs = Number(BigInt(histogram.start_ns) / 1000n) / 1000;
  return {
    label: 'lines',
    times: histogram.counts.map((_, i) => startMs + i * stepMs),
    stepMs,
    lines: [{ label: 'lines', colour: 'h5', round: 0, values: histogram.counts }],
  };
}

function groupsOverTime(answer: LogQueryAnswer, keys: readonly string[]): Course | undefined {
  const columns = columnsOf(answer);
  const groups = columns.filter((one) => keys.includes(plain(one.name)));
  const value = columns.find((one) => one.kind === 'number' && !groups.includes(one));
  const time = groups.find((one) => one.kind === 'time');
  // Where a key is not among the columns, rows are no groups any more: a later command made others of them.
  if (!answer.grouped || !time || !value || groups.length !== keys.length) return undefined;
  const names = groups.filter((one) => one !== time);
  const points = answer.rows.flatMap((row) => {
    const ms = timeOf(row[time.at]);
    return ms === undefined
      ? []
      : [
          {
            ms,
            name: names.map((one) => row[one.at] ?? '–').join(', ') || value.name,
            value: numberOf(row[value.at]),
          },
        ];
  });
  const { times, stepMs } = gridOf(points.map((one) => one.ms));
  const place = new Map(times.map((ms, i) => [ms, i]));
  const lines = new Map<string, (number | null)[]>();
  for (const point of points) {
    const line = lines.get(point.name) ?? times.map(() => null);
    line[place.get(point.ms) ?? 0] = point.value;
    lines.set(point.name, line);
  }
  const colours = colourIndexes([...lines.keys()]);
  return {
    label: value.name,
    times,
    stepMs,
    lines: [...lines].map(([label, values]) => ({
      label,
      colour: lines.size === 1 ? 'h5' : `c${colours.get(label)?.index ?? 1}`,
      round: colours.get(label)?.round ?? 0,
      values,
    })),
  };
}

/** Every time between the first and the last at the distance they have, also those without a row. */
function gridOf(found: readonly number[]): { times: number[]; stepMs: number } {
  const seen = [...new Set(found)].sort((a, b) => a - b);
  const first = seen[0] ?? 0;
  const last = seen.at(-1) ?? first;
  const stepMs = seen.reduce((step, ms) => divisor(step, ms - first), 0) || 60_000;
  const count = Math.round((last - first) / stepMs) + 1;
  return {
    times: count > MOST_TIMES ? seen : Array.from({ length: count }, (_, i) => first + i * stepMs),
    stepMs,
  };
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}

/** `2026-11-20 10:05:00.000`, in UTC as all times of an answer. */
function timeOf(text: string | null | undefined): number | undefined {
  const ms = text ? Date.parse(`${text.replace(' ', 'T')}Z`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function numberOf(text: string | null | undefined): number | null {
  const value = text ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** The rows as a table, RFC 4180. Numbers stay numbers, and no text becomes a formula. */
export function asCsv(answer: LogQueryAnswer): string {
  const columns = columnsOf(answer);
  const cell = (row: LogQueryAnswer['rows'][number], { at, kind }: Column) =>
    csvCell(kind === 'number' ? numberOf(row[at]) : (row[at] ?? null));
  const lines = [columns.map((column) => csvCell(column.name)).join(',')];
  for (const row of answer.rows) lines.push(columns.map((column) => cell(row, column)).join(','));
  return `${lines.join('\r\n')}\r\n`;
}

/** The rows as objects. */
export function asJson(answer: LogQueryAnswer): string {
  const columns = columnsOf(answer);
  const rows = answer.rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, at, kind }) => [name, kind === 'number' ? numberOf(row[at]) : (row[at] ?? null)]),
    ),
  );
  return JSON.stringify(rows, null, 2);
}
