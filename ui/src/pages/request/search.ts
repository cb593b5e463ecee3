import * as v from 'valibot';

const text = v.optional(v.string());

/** Which row the request is sought from: by trace and span, or by its identity and time. */
export const requestSearch = v.looseObject({
  trace: text,
  span: text,
  /** Identity of a row, 32 hex digits. */
  event: text,
  /** Its time, nanoseconds. */
  at: text,
});

export type RequestSearch = v.InferOutput<typeof requestSearch>;
