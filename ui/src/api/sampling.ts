/** Sampling rules and groups: listed with their use, made, changed, deleted. */
import { queryOptions } from '@tanstack/react-query';
import { get, post, put, remove, segment } from './client.ts';
import type { Group, Groups, RuleFields, SamplingRule, SamplingRules } from './types.ts';

const at = (env: string) => `/environments/${segment(env)}`;

/** The rules in the order they decide, with what clients reported of the last hour. */
export const rulesQuery = (env: string) =>
  queryOptions({
    queryKey: ['sampling', 'rules', env],
    queryFn: ({ signal }) => get<SamplingRules>(`${at(env)}/sampling_rules`, {}, { signal }),
    staleTime: 5_000,
    // Clients report every ten seconds.
    refetchInterval: 10_000,
  });

/** The groups, counted over the traces of the last hour. */
export const traceGroupsQuery = (env: string) =>
  queryOptions({
    queryKey: ['sampling', 'groups', env],
    queryFn: ({ signal }) => get<Groups>(`${at(env)}/groups`, {}, { signal }),
    staleTime: 15_000,
  });

export const makeRule = (env: string, rule: RuleFields) =>
  post<SamplingRule>(`${at(env)}/sampling_rules`, rule);

export const changeRule = (env: string, rule: RuleFields) =>
  put<SamplingRule>(`${at(env)}/sampling_rules/${segment(rule.name)}`, rule);

export const deleteRule = (env: string, name: string) => remove(`${at(env)}/sampling_rules/${segment(name)}`);

export const makeGroup = (env: string, name: string, expression: string) =>
  post<Group>(`${at(env)}/groups`, { name, expression });

export const changeGroup = (env: string, name: string, expression: string) =>
  put<Group>(`${at(env)}/groups/${segment(name)}`, { expression });

export const deleteGroup = (env: string, name: string) => remove(`${at(env)}/groups/${segment(name)}`);
