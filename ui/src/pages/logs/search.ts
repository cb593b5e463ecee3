import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about Logs. Everything is text; nonsense is read as "not given". */
export const logsSearch = v.looseObject({
  /** Name of the group. */
  group: text,
  /** Name of the stream; left out: all. */
  stream: text,
  /** Text, a filter pattern or /a regular expression/. */
  filter: text,
  /** Time range. */
  t: text,
  /** The open line. */
  line: text,
  /** `1`: follows what comes. */
  tail: text,
  /** `1`: long lines wrap. */
  wrap: text,
  /** A word marked in the lines. */
  mark: text,
});

export type LogsSearch = v.InferOutput<typeof logsSearch>;
