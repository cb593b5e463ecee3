import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about the list of keys. Nonsense is read as "not given". */
export const keysSearch = v.looseObject({
  /** Only keys of this kind. */
  kind: text,
  /** Part of a name or prefix. */
  find: text,
  /** `no` hides revoked keys. */
  revoked: text,
});

export type KeysSearch = v.InferOutput<typeof keysSearch>;
