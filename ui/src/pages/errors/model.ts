import type { IssuesAsk } from '@/api/issues.ts';
import type {
  Facets,
  HourCount,
  Issue,
  IssueEvent,
  IssueLevel,
  IssueStatus,
  Project,
  RequestRow,
  RequestSource,
  StackFrame,
} from '@/api/types.ts';
import { valueText } from '@/lib/format.ts';
import { nanos, toMs } from '@/lib/time.ts';
import type { ErrorsSearch } from './search.ts';

export const LEVELS: readonly IssueLevel[] = ['critical', 'error', 'warning', 'info', 'debug'];
export const STATUSES: readonly IssueStatus[] = ['active', 'resolved', 'muted', 'archived'];
export const SORTS = ['last', 'first', 'count', 'level'] as const;
export type Sort = (typeof SORTS)[number];
/** For how long nobody is told, in seconds. */
export const SNOOZES = [
  { value: '3600', label: 'for an hour' },
  { value: '86400', label: 'for a day' },
  { value: '604800', label: 'for a week' },
];
/** Items of a page: what one looks through without paging, and the server answers at once. */
export const PAGE = 100;

const oneOf = <T extends string>(list: readonly T[], text: string | undefined): T | undefined =>
  list.find((one) => one === text);

export const sortOf = (search: ErrorsSearch): Sort => oneOf(SORTS, search.sort) ?? 'last';
export const statusOf = (search: ErrorsSearch) => oneOf(STATUSES, search.status);
export const levelOf = (search: ErrorsSearch) => oneOf(LEVELS, search.level);

/** The page asked for; nonsense is the first. */
export function pageOf(search: ErrorsSearch): number {
  const page = Number(search.page ?? 1);
  return Number.isSafeInteger(page) && page > 0 ? page : 1;
}

/** Whether anything but the order and the page narrows the list. */
export function isFiltered(search: ErrorsSearch): boolean {
  const { project, environment, owner, q } = search;
  return [project, environment, owner, q, statusOf(search), levelOf(search)].some(Boolean);
}

/** What is asked of the server. Archived items are out of the way unless asked for. */
export function askOf(search: ErrorsSearch, project: Project | undefined): IssuesAsk {
  return {
    project: project?.id,
    status: statusOf(search) ?? 'active,resolved,muted',
    level: levelOf(search),
    environment: search.environment,
    owner: search.owner,
    q: search.q?.trim() || undefined,
    sort: sortOf(search),
    page: pageOf(search),
    limit: PAGE,
  };
}

export type Tone = 'danger' | 'warn' | 'ok' | 'none';

export function levelTone(level: IssueLevel): Tone {
  if (level === 'critical' || level === 'error') return 'danger';
  return level === 'warning' ? 'warn' : 'none';
}

/** Where an item stands, in the words of its pill. */
export function standing(issue: Issue): { text: string; tone: Tone } {
  if (issue.status === 'resolved') {
    const version = issue.resolved_in_version;
    return { text: version ? `Resolved in ${version}` : 'Resolved', tone: 'ok' };
  }
  if (issue.status === 'active') {
    return issue.reactivated ? { text: 'Reactivated', tone: 'warn' } : { text: 'Active', tone: 'none' };
  }
  return { text: issue.status === 'muted' ? 'Muted' : 'Archived', tone: 'none' };
}

/** Frames as they are shown: one that counts, or a run of library frames folded into a line. */
export type Shown =
  | { kind: 'frame'; frame: StackFrame; raised: boolean }
  | { kind: 'folded'; frames: readonly StackFrame[] };

/**
 * The application's frames and the one that raised stand out, runs of others are folded. `frames` has the
 * most recent call last; `order` says how the language's people read them.
 */
export function shownFrames(frames: readonly StackFrame[], order: string, library: boolean): Shown[] {
  const last = frames.length - 1;
  const out: Shown[] = [];
  let run: StackFrame[] = [];
  const fold = () => {
    if (run.length > 0) out.push({ kind: 'folded', frames: run });
    run = [];
  };
  for (const [i, frame] of frames.entries()) {
    if (frame.in_app || library || i === last) {
      fold();
      out.push({ kind: 'frame', frame, raised: i === last });
    } else run.push(frame);
  }
  fold();
  if (order !== 'most_recent_first') return out;
  return out
    .reverse()
    .map((one) => (one.kind === 'folded' ? { ...one, frames: one.frames.toReversed() } : one));
}

/** `lib/db.py run`, with at most three places, for the line of a folded run. */
export function placesOf(frames: readonly StackFrame[]): string {
  const places = frames
    .slice(0, 3)
    .map((one) => [shortFile(one.file), one.function].filter(Boolean).join(' '));
  return `${places.join(', ')}${frames.length > 3 ? ', …' : ''}`;
}

/** The end of a path that still tells files apart: two parts. */
export function shortFile(file: string): string {
  const parts = file.split(/[\\/]/u);
  return parts.length > 2 ? parts.slice(-2).join('/') : file;
}

/** An item seen for the first time within this is new. */
const FRESH_MS = 3_600_000;

export const isFresh = (issue: Pick<Issue, 'first_ns'>, nowMs: number) =>
  nowMs - toMs(nanos(issue.first_ns)) < FRESH_MS;

/** Occurrences of several items hour by hour, the last one is now. */
export interface Course {
  hours: { fresh: number; known: number }[];
  /** Occurrences of items that are new. */
  fresh: number;
  sum: number;
}

export function courseOf(issues: readonly Pick<Issue, 'first_ns' | 'sparkline'>[], nowMs: number): Course {
  const hours = Array.from({ length: issues[0]?.sparkline.length ?? 0 }, () => ({ fresh: 0, known: 0 }));
  let [fresh, sum] = [0, 0];
  for (const issue of issues) {
    const isNew = isFresh(issue, nowMs);
    for (const [i, n] of issue.sparkline.entries()) {
      const hour = hours[i];
      if (hour) hour[isNew ? 'fresh' : 'known'] += n;
      sum += n;
      if (isNew) fresh += n;
    }
  }
  return { hours, fresh, sum };
}

/** A line of code with its number, when the number of the frame's own line is known. */
export interface CodeLine {
  number: number | undefined;
  text: string;
  hit: boolean;
}

export function codeOf(frame: StackFrame): CodeLine[] {
  const { before, after, code } = frame;
  if (code === null || code === undefined) return [];
  const first = typeof frame.line === 'number' ? frame.line - before.length : undefined;
  return [...before, code, ...after].map((text, i) => ({
    number: first === undefined ? undefined : first + i,
    text,
    hit: i === before.length,
  }));
}

/** The stack as its language prints it, for the clipboard. */
export function stackText(frames: readonly StackFrame[]): string {
  return frames
    .map((one) => {
      const head = `  File "${one.file}"${one.line ? `, line ${one.line}` : ''}, in ${one.function ?? '?'}`;
      return one.code ? `${head}\n    ${one.code.trim()}` : head;
    })
    .join('\n');
}

/** What happened, as a sentence. */
export function eventText(event: IssueEvent): string {
  const { what, detail } = event;
  const words: Record<string, string> = {
    first_seen: 'First seen',
    deploy: `Deploy ${detail}`,
    resolved: detail ? `Resolved in ${detail}` : 'Resolved',
    reactivated: 'Came back after it was resolved',
    reopened: 'Reopened',
    muted: 'Muted',
    archived: 'Archived',
    level: `Level is now ${detail}`,
    title: `Title is now “${detail}”`,
    assigned: detail ? `Assigned to ${detail}` : 'Assigned to nobody',
    snoozed: 'Snoozed',
    unsnoozed: 'No longer snoozed',
  };
  return words[what] ?? `${what} ${detail}`.trim();
}

/** Fields worth a line, in this order. Their values are shares over the occurrences. */
export const TAGS: readonly string[] = [
  'service.version',
  'http.route',
  'user.name',
  'user.id',
  'server.address',
  'host.name',
  'browser.name',
  'user_agent.original',
  'client.address',
  'deployment.environment.name',
];
const MOST_TAGS = 6;

export interface TagShare {
  field: string;
  value: string;
  /** 0 to 1. */
  part: number;
  distinct: number;
}

/** The commonest value of each known field. */
export function tagShares(facets: Facets): TagShare[] {
  const out: TagShare[] = [];
  for (const name of TAGS) {
    const facet = facets.fields.find((one) => one.field === name);
    if (facet?.shape.kind !== 'values') continue;
    const known = facet.shape.bars.filter((bar) => bar.value !== null);
    const top = known.reduce<(typeof known)[number] | undefined>(
      (best, bar) => (best && best.selected >= bar.selected ? best : bar),
      undefined,
    );
    if (!top) continue;
    out.push({
      field: name,
      value: valueText(top.value),
      part: facets.selected > 0 ? top.selected / facets.selected : 0,
      distinct: facet.shape.distinct,
    });
  }
  return out.slice(0, MOST_TAGS);
}

/** Counts of equal lengths of time up to now. */
export interface HourBars {
  startMs: number;
  counts: number[];
  per: string;
}

const HOUR_MS = 3_600_000;
const MOST_BARS = 60;

/** Bars over the time since the first hour with any: by the hour for young items, by more for older ones. */
export function hourBars(hours: readonly HourCount[], nowMs: number): HourBars {
  const thisHour = Math.floor(nowMs / HOUR_MS);
  const at = hours.map((one) => ({ hour: Number(BigInt(one.start_ns) / 3_600_000_000_000n), n: one.count }));
  const oldest = Math.min(thisHour - 23, ...at.map((one) => one.hour));
  const step = [1, 6, 12].find((one) => (thisHour - oldest + 1) / one <= MOST_BARS) ?? 24;
  const bars = Math.ceil((thisHour - oldest + 1) / step);
  const start = thisHour + 1 - bars * step;
  const counts = new Array<number>(bars).fill(0);
  for (const { hour, n } of at) {
    const i = Math.floor((hour - start) / step);
    if (i >= 0 && i < bars) counts[i] = (counts[i] ?? 0) + n;
  }
  return { startMs: start * HOUR_MS, counts, per: step === 1 ? 'per hour' : `per ${step} hours` };
}

const SOURCES: Record<RequestSource, readonly [string, string, string]> = {
  spans: ['OT', 'span', 'spans'],
  segments: ['XR', 'segment', 'segments'],
  lines: ['LOG', 'line', 'lines'],
  occurrences: ['ERR', 'other occurrence', 'other occurrences'],
};

/** Rows of each source besides the occurrence itself. */
export function othersOf(rows: readonly RequestRow[], eventId: string) {
  return Object.entries(SOURCES).flatMap(([source, [tag, one, many]]) => {
    const n = rows.filter((row) => row.source === source && row.event_id !== eventId).length;
    return n > 0 ? [{ tag, one, many, rows: n }] : [];
  });
}
