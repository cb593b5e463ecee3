/** Keys of an environment: listed, made, revoked. */
import { queryOptions } from '@tanstack/react-query';
import { get, post, remove, segment } from './client.ts';
import type { Key, KeyMade, NewKey } from './types.ts';

const path = (env: string) => `/environments/${segment(env)}/keys`;

/** Newest first, revoked ones too. */
export const keysQuery = (env: string) =>
  queryOptions({
    queryKey: ['keys', env],
    queryFn: async ({ signal }) => (await get<{ keys: Key[] }>(path(env), {}, { signal })).keys,
    staleTime: 5_000,
    // When a key was used last is what people come here to see.
    refetchInterval: 15_000,
  });

/** Its secret comes with the answer, this once. */
export const makeKey = (env: string, key: NewKey) => post<KeyMade>(path(env), key);

export const revokeKey = (env: string, id: string) => remove(`${path(env)}/${segment(id)}`);
