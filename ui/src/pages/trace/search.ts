import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about this page. Everything is text; nonsense is read as "not given". */
export const traceSearch = v.looseObject({
  /** Span id of the selected row; `e-` and an event id for a row that is no span. */
  span: text,
  /** The filter bar. */
  f: text,
  /** `hide`: others are hidden, not dimmed. */
  others: text,
  /** `1`: the critical path is drawn. */
  cp: text,
  /** `1`: what clocks that differ stamped is drawn where it ran. */
  clocks: text,
  /** Drawn part of the time, `from-to` in nanoseconds after the start. */
  w: text,
  /** Span id whose subtree alone is drawn. */
  focus: text,
  /** `logs`, `table`, `json`; the waterfall when left out. */
  tab: text,
  /** Tab of the side panel: `events`, `links`, `raw`, or `none` for no panel. */
  panel: text,
  /** Column of the table, with `-` before it for descending. */
  sort: text,
  /** Where to look for the trace, nanoseconds since 1970. */
  from: text,
  to: text,
});

export type TraceSearch = v.InferOutput<typeof traceSearch>;

/** Which row a request is opened from: by trace and span, or by its identity and time. The rest is as above. */
export const requestSearch = v.looseObject({
  ...traceSearch.entries,
  trace: text,
  /** Identity of a row, 32 hex digits. */
  event: text,
  /** Its time, nanoseconds. */
  at: text,
});

export type RequestSearch = v.InferOutput<typeof requestSearch>;
