import type { QueryClient } from '@tanstack/react-query';
import { type IssuesAsk, issuesQuery } from '@/api/issues.ts';
import type { Issue } from '@/api/types.ts';
import { csv, download } from '@/lib/csv.ts';
import { nanos, toMs } from '@/lib/time.ts';

/** Items of one answer. */
const AT_ONCE = 500;

/** All items that pass, in the order of the list. */
export async function allItems(
  ask: IssuesAsk,
  page: (ask: IssuesAsk) => Promise<{ issues: Issue[]; total: number }>,
): Promise<Issue[]> {
  // By its number: items move from page to page while errors come in.
  const found = new Map<number, Issue>();
  for (let number = 1; ; number += 1) {
    const { issues, total } = await page({ ...ask, page: number, limit: AT_ONCE });
    for (const one of issues) found.set(one.id, one);
    if (issues.length === 0 || number * AT_ONCE >= total) return [...found.values()];
  }
}

const COLUMNS = [
  'number',
  'title',
  'level',
  'status',
  'environment',
  'project',
  'context',
  'occurrences',
  'occurrences_ever',
  'users_24h',
  'first_seen',
  'last_seen',
  'first_version',
  'last_version',
  'owner',
] as const;

/** Items as a table, times in UTC. */
export function itemsCsv(issues: readonly Issue[]): string {
  const time = (ns: string) => new Date(toMs(nanos(ns))).toISOString();
  return csv(
    COLUMNS,
    issues.map((one) => ({
      number: one.counter,
      title: one.title,
      level: one.level,
      status: one.status,
      environment: one.environment,
      project: one.project_name,
      context: one.context,
      occurrences: one.total,
      occurrences_ever: one.ever,
      users_24h: one.users_24h,
      first_seen: time(one.first_ns),
      last_seen: time(one.last_ns),
      first_version: one.first_version,
      last_version: one.last_version,
      owner: one.owner,
    })),
  );
}

/** Hands the items that pass to the browser as a file. */
export async function exportItems(
  client: QueryClient,
  env: string,
  ask: IssuesAsk,
  form: string,
): Promise<void> {
  const issues = await allItems(ask, (one) => client.fetchQuery(issuesQuery(env, one)));
  if (form === 'json') download('items.json', 'application/json', JSON.stringify(issues, null, 2));
  else download('items.csv', 'text/csv;charset=utf-8', itemsCsv(issues));
}
