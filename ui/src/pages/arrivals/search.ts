import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about this page. Everything is text; nonsense is read as "not given". */
export const arrivalsSearch = v.looseObject({
  /** `refused` or `taken`. */
  outcome: text,
  protocol: text,
  /** First characters of a key. */
  key: text,
  sender: text,
});

export type ArrivalsSearch = v.InferOutput<typeof arrivalsSearch>;
