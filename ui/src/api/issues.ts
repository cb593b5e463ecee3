/** Projects, items and their occurrences. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, patch, segment } from './client.ts';
import type { IssueChange, IssueDetail, Issues, Occurrence, Occurrences, Projects } from './types.ts';

const at = (env: string) => `/environments/${segment(env)}`;

const REFRESH_MS = 15_000;
/** A project that waits for its first item tells fast what is refused. */
const WAITING_MS = 4_000;

export const projectsQuery = (env: string) =>
  queryOptions({
    queryKey: ['projects', env],
    queryFn: ({ signal }) => get<Projects>(`${at(env)}/projects`, {}, { signal }),
    staleTime: 2_000,
    refetchInterval: ({ state }) =>
      state.data?.projects.some((one) => one.issues === 0) ? WAITING_MS : REFRESH_MS,
  });

/** Which items: lists are separated by commas. */
export interface IssuesAsk {
  project?: number | undefined;
  status?: string | undefined;
  level?: string | undefined;
  environment?: string | undefined;
  owner?: string | undefined;
  q?: string | undefined;
  within_s?: number | undefined;
  sort?: string | undefined;
  page?: number | undefined;
  limit?: number | undefined;
}

export const issuesQuery = (env: string, ask: IssuesAsk) =>
  queryOptions({
    queryKey: ['issues', env, 'list', ask],
    queryFn: ({ signal }) => get<Issues>(`${at(env)}/issues`, { ...ask }, { signal }),
    staleTime: 2_000,
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });

/** One item with its past, by its number on this server. */
export const issueQuery = (env: string, id: number | string) =>
  queryOptions({
    queryKey: ['issues', env, 'one', String(id)],
    queryFn: ({ signal }) => get<IssueDetail>(`${at(env)}/issues/${segment(String(id))}`, {}, { signal }),
    staleTime: 2_000,
    refetchInterval: REFRESH_MS,
  });

export const changeIssue = (env: string, id: number, change: IssueChange) =>
  patch<IssueDetail>(`${at(env)}/issues/${id}`, change);

/** The newest occurrences of an item, as many as one answer has. */
export const occurrencesQuery = (env: string, id: number) =>
  queryOptions({
    queryKey: ['issues', env, 'occurrences', id],
    queryFn: async ({ signal }) =>
      (await get<Occurrences>(`${at(env)}/issues/${id}/occurrences`, { limit: 1000 }, { signal }))
        .occurrences,
    staleTime: 2_000,
    refetchInterval: REFRESH_MS,
  });

/** One occurrence, whole. `latest` is what is the latest when it is asked. */
export const occurrenceQuery = (env: string, id: number, occurrence: string) =>
  queryOptions({
    queryKey: ['issues', env, 'occurrence', id, occurrence],
    queryFn: ({ signal }) =>
      get<Occurrence>(`${at(env)}/issues/${id}/occurrences/${segment(occurrence)}`, {}, { signal }),
    // Its neighbours may change: the newest one gets a newer one.
    staleTime: 2_000,
    placeholderData: keepPreviousData,
  });
