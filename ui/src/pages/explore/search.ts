import * as v from 'valibot';

const text = v.optional(v.fallback(v.optional(v.string()), undefined));

/** What the address says about this page. Unknown parts are kept. */
export const exploreSearch = v.looseObject({
  ds: text,
  v: text,
  w: text,
  g: text,
  o: text,
  h: text,
  l: text,
  t: text,
  tab: text,
  sel: text,
  sort: text,
  y: text,
  row: text,
});

export type ExploreSearch = v.InferOutput<typeof exploreSearch>;
