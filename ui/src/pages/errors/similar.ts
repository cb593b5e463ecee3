// Items like another: what a reader who looks for the same cause would open next, and why.

import type { Issue } from '@/api/types.ts';

export interface Similar {
  issue: Issue;
  /** Why, the strongest first. */
  why: string[];
}

/** Part of the words of two titles that they share, from which on they are called alike. */
const ALIKE = 0.5;
const MOST = 20;

/** `TypeError` of `TypeError: …`, with its module, when the title begins with a class. */
export function classOf(title: string): string | undefined {
  return /^([A-Za-z_$][\w$]*(?:(?:\.|::|\\)[A-Za-z_$][\w$]*)*):\s/u.exec(title)?.[1];
}

/** Words without what differs from one occurrence to the next: numbers and ids. */
function wordsOf(title: string): Set<string> {
  const said = title.slice(classOf(title)?.length ?? 0).toLowerCase();
  return new Set(said.match(/[\p{L}_][\p{L}\p{N}_]*/gu)?.filter((word) => !/\d{2}/u.test(word)));
}

/** Shared words of all words of both, 0 to 1. */
export function likeness(a: string, b: string): number {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  const shared = [...one].filter((word) => other.has(word)).length;
  const all = one.size + other.size - shared;
  return all === 0 ? 0 : shared / all;
}

/** Those of the others that are like it, most reasons first, then the latest. */
export function similarTo(issue: Issue, others: readonly Issue[]): Similar[] {
  const own = classOf(issue.title);
  const found: Similar[] = [];
  for (const other of others) {
    if (other.id === issue.id) continue;
    const why: string[] = [];
    if (own !== undefined && own === classOf(other.title)) why.push(`same class ${own}`);
    if (issue.context && issue.context === other.context) why.push(`same place ${issue.context}`);
    if (issue.fingerprint === other.fingerprint) why.push(`same stack, in ${other.environment}`);
    if (likeness(issue.title, other.title) >= ALIKE) why.push('similar title');
    if (why.length > 0) found.push({ issue: other, why });
  }
  const byTime = (a: Issue, b: Issue) => (BigInt(a.last_ns) < BigInt(b.last_ns) ? 1 : -1);
  return found.sort((a, b) => b.why.length - a.why.length || byTime(a.issue, b.issue)).slice(0, MOST);
}
