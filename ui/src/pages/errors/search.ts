import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about the list. Everything is text; nonsense is read as "not given". */
export const errorsSearch = v.looseObject({
  /** Slug of the project's dataset; left out: all. */
  project: text,
  /** `active` `resolved` `muted` `archived`; left out: all but archived ones. */
  status: text,
  level: text,
  /** Environment as the sender calls it. */
  environment: text,
  owner: text,
  /** Words of the title, or `#12`. */
  q: text,
  /** `first` `count` `level`; left out: by the latest occurrence. */
  sort: text,
  /** From 1 on. */
  page: text,
});

export type ErrorsSearch = v.InferOutput<typeof errorsSearch>;

/** What the address says about an item. */
export const itemSearch = v.looseObject({
  /** Number of the occurrence; left out: the latest. */
  o: text,
  tab: text,
  /** `1`: library frames are open. */
  lib: text,
});

export type ItemSearch = v.InferOutput<typeof itemSearch>;

/** An item by its number on this server, as links in vendors' form lead to it. */
export const oldItemSearch = v.looseObject({ occurrence: text });
