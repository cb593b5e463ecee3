import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about Sampling. Nonsense is read as "not given". */
export const samplingSearch = v.looseObject({
  /** `groups`, `statistics`; the rules with all that belongs to them when left out. */
  tab: text,
  /** The rule whose course is drawn. */
  rule: text,
  /** The request asked about in "Which rule catches…". */
  service: text,
  method: text,
  host: text,
  path: text,
});

export type SamplingSearch = v.InferOutput<typeof samplingSearch>;
