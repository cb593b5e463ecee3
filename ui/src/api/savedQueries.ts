/** Questions kept under a name: listed, saved, changed, deleted. */
import { queryOptions } from '@tanstack/react-query';
import { get, patch, post, remove, segment } from './client.ts';
import type { NewSavedQuery, SavedQueries, SavedQuery, SavedQueryChange } from './types.ts';

const at = (env: string) => `/environments/${segment(env)}/saved_queries`;

/** Changed last first. Others may save as well, so they are read again now and then. */
export const savedQueriesQuery = (env: string) =>
  queryOptions({
    queryKey: ['saved queries', env],
    queryFn: async ({ signal }) => (await get<SavedQueries>(at(env), {}, { signal })).queries,
    staleTime: 15_000,
  });

export const saveQuery = (env: string, fields: NewSavedQuery) => post<SavedQuery>(at(env), fields);

export const changeSavedQuery = (env: string, id: string, change: SavedQueryChange) =>
  patch<SavedQuery>(`${at(env)}/${segment(id)}`, change);

export const deleteSavedQuery = (env: string, id: string) => remove(`${at(env)}/${segment(id)}`);
