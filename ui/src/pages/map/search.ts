import * as v from 'valibot';

const text = v.optional(v.string());

/** What the address says about the map. Nonsense is read as "not given". */
export const mapSearch = v.looseObject({
  /** Time range. */
  t: text,
  /** Only traces of this group. */
  group: text,
  /** The node around which the map is cut. */
  focus: text,
  /** How far from the focus: `1`, `2` or `all`. */
  hops: text,
  /** The node whose panel is open. */
  sel: text,
  /** The part of that node's durations that is looked at, milliseconds: `900..5200`. */
  brush: text,
  /** `table`: the same as a table. */
  view: text,
  /** Column of the table, with `-` before it: descending. */
  sort: text,
});

export type MapSearch = v.InferOutput<typeof mapSearch>;
