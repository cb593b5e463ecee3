import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about a question over lines. Nonsense is read as "not given". */
export const insightsSearch = v.looseObject({
  /** Names of groups, with commas between. */
  group: text,
  /** The question. */
  q: text,
  /** Time range. */
  t: text,
});

export type InsightsSearch = v.InferOutput<typeof insightsSearch>;
