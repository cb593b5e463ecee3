import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about this page. Everything is text; nonsense is read as "not given". */
export const sendSearch = v.looseObject({
  /** `events`; OpenTelemetry when left out. */
  what: text,
  /** Language or client. */
  lang: text,
  /** Where the app runs. */
  in: text,
});

export type SendSearch = v.InferOutput<typeof sendSearch>;
