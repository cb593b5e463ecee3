// Lines as rows: levels, marks, counts by level, what the tail keeps. Pure, so that each rule has a test.

import type { LogCounts, LogTailEvent } from '@/api/types.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug' | 'none';

export const LEVELS: readonly { level: Level; name: string; colour: string }[] = [
  { level: 'error', name: 'ERROR', colour: 'danger' },
  { level: 'warn', name: 'WARN', colour: 'warn' },
  { level: 'info', name: 'INFO', colour: 'h4' },
  { level: 'debug', name: 'DEBUG', colour: 'h2' },
  { level: 'none', name: 'no level', colour: 'h3' },
];

/** The level that a severity means, whatever its spelling; `none` where a line says none. */
export function levelOf(severity: string | null | undefined): Level {
  const text = (severity ?? '').toLowerCase();
  if (/^(?:err|fatal|crit|emerg|alert|severe|panic)/u.test(text)) return 'error';
  if (text.startsWith('warn')) return 'warn';
  if (/^(?:info|notice)/u.test(text)) return 'info';
  return /^(?:debug|trace|fine|verbose)/u.test(text) ? 'debug' : 'none';
}

/** A level said by the text itself, for lines whose client sends none: the word stands near the start. */
export function levelInText(message: string): Level {
  const word = /\b(CRITICAL|FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\b/u.exec(message.slice(0, 120));
  return levelOf(word?.[1]);
}

export interface Interval {
  byLevel: Record<Level, number>;
  total: number;
}

/** Counts of each interval, summed to the levels we draw. */
export function intervalsOf(counts: LogCounts): Interval[] {
  return counts.intervals.map((one) => {
    const byLevel: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, none: 0 };
    let total = 0;
    for (const [severity, n] of Object.entries(one)) {
      byLevel[levelOf(severity)] += n;
      total += n;
    }
    return { byLevel, total };
  });
}

/** Sum of all intervals. */
export function sumOf(intervals: readonly Interval[]): Record<Level, number> {
  const sum: Record<Level, number> = { error: 0, warn: 0, info: 0, debug: 0, none: 0 };
  for (const one of intervals) for (const { level } of LEVELS) sum[level] += one.byLevel[level];
  return sum;
}

/** Text cut into what is marked and what is not; a plain word, in any case. Empty marks nothing. */
export function marked(text: string, word: string): { text: string; on: boolean }[] {
  if (word === '') return [{ text, on: false }];
  const out: { text: string; on: boolean }[] = [];
  const [low, find] = [text.toLowerCase(), word.toLowerCase()];
  let from = 0;
  // Lower case of some letters has another length: then positions would not fit.
  if (low.length !== text.length || find.length !== word.length) return [{ text, on: false }];
  for (let at = low.indexOf(find); at >= 0; at = low.indexOf(find, from)) {
    if (at > from) out.push({ text: text.slice(from, at), on: false });
    out.push({ text: text.slice(at, at + find.length), on: true });
    from = at + find.length;
  }
  if (from < text.length) out.push({ text: text.slice(from), on: false });
  return out;
}

/** Lines longer than this are cut in the list, with a way to see the rest (bytes of no matter to the eye). */
export const SHOWN_CHARS = 4096;

/** A line of the tail. */
export interface TailLine {
  /** Rises with each line heard: its key. */
  n: number;
  tsNs: string;
  stream: string;
  message: string;
}

export interface Tail {
  lines: readonly TailLine[];
  heard: number;
  leftOut: number;
}

export const SILENT: Tail = { lines: [], heard: 0, leftOut: 0 };

/** A page left open over night must not fill the memory. */
export const RING = 5_000;

/** The tail after more events; only the latest {@link RING} lines are kept. */
export function follow(tail: Tail, events: readonly LogTailEvent[]): Tail {
  let { heard, leftOut } = tail;
  const added: TailLine[] = [];
  for (const event of events) {
    if (event.type !== 'lines') continue;
    leftOut += event.left_out;
    for (const line of event.lines) {
      added.push({ n: heard, tsNs: line.ts_ns, stream: event.stream, message: line.message });
      heard++;
    }
  }
  if (added.length === 0 && leftOut === tail.leftOut) return tail;
  return { lines: [...tail.lines, ...added].slice(-RING), heard, leftOut };
}
