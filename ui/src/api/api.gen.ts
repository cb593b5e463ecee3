// Made by tools/gen-api.mjs from openapi.json. Do not edit.

/** The answer to a question. */
export type Answer = {
  /** Groups were cut on the way: those listed may not be the very first. */
  approximate: boolean;
  /** The question, with its two spellings. */
  asked: Asked;
  /** Fields grouped by, in the order asked. */
  breakdowns: Array<string>;
  /** Number of time buckets; every `values` array has this length. */
  buckets: number;
  /** Labels of the calculations, in the order asked. */
  calculations: Array<CalculationLabel>;
  /** End of the range, exclusive. */
  end_ns: Nanos;
  /** Start of the first bucket: a multiple of the step, at or before `start_ns`. */
  first_bucket_ns: Nanos;
  /** Number of groups before the limit. */
  groups_seen: number;
  /** What the reader should know: unknown fields, a limit that cut the answer short, … */
  notices: Array<string>;
  /** Over the groups not listed; null when all are listed. */
  other?: Record<string, Cell> | null;
  /** One row per group, ordered and limited: breakdowns and calculations under their labels. */
  results: Array<Record<string, Cell>>;
  /** `series[i]` belongs to `results[i]`. Without breakdowns: one, over all rows. */
  series: Array<Series>;
  /** Start of the range, inclusive. */
  start_ns: Nanos;
  /** What it took. */
  stats: ScanStats;
  /** Width of a time bucket. Bucket `i` starts at `first_bucket_ns + i × step_ns`. */
  step_ns: Nanos;
  /** Over all rows. */
  total: Record<string, Cell>;
  total_series?: Series | null;
};

/**
 * Like deliveries of one sender (same protocol, key, environment, outcome and reason), or a
 * single one.
 */
export type Arrival = {
  /** Items, by what became of them. */
  counters: Counters;
  /** Datasets written to, at most 20. */
  datasets: Array<string>;
  /** How many deliveries. */
  deliveries: number;
  /** Slug of the environment the key belongs to. */
  env?: string | null;
  /** When the first of them came. */
  first_ns: Nanos;
  /** The same for like deliveries. On the live stream: the row that this delivery belongs to. */
  id: string;
  /** The line that gives its sender another key, `<key>` in its place; null where its protocol knows none. */
  key_line?: string | null;
  /** First characters of the key, whether known or not. */
  key_prefix?: string | null;
  /** When the last of them came. */
  last_ns: Nanos;
  /** What became of them. */
  outcome: ArrivalOutcome;
  /** `otlp/http`, `otlp/grpc`, `events`, `api`. */
  protocol: string;
  reason?: ArrivalReason | null;
  /** Items received in the last five minutes. */
  received_last_5m: number;
  /** Address of the sender. */
  sender: string;
  /** What was sent: `traces`, `logs`, `metrics`, `events`. */
  signals: Array<string>;
  /** What the sender calls itself, in the latest of them. */
  user_agent?: string | null;
  /** Bytes on the wire. */
  wire_bytes: number;
};

/** One line of the live stream. */
export type ArrivalEvent = {
  /** The delivery, with `deliveries` = 1. */
  arrival: Arrival;
  kind: "arrival";
} | {
  kind: "missed";
  /** How many. */
  updates: number;
} | {
  kind: "idle";
};

/** What became of a delivery. */
export type ArrivalOutcome = "taken" | "partial" | "refused";

/** Why, and the way out. */
export type ArrivalReason = {
  /** Stable name. */
  code: string;
  /** The line to copy into the client's environment, where there is one. */
  copy?: string | null;
  /** What exactly, in the latest delivery, where the text alone does not say. */
  detail?: string | null;
  /** What to do. */
  fix: string;
  /** What was wrong. */
  text: string;
};

/** Deliveries and counters. */
export type Arrivals = {
  /** The same by protocol; those that never came are left out. */
  by_protocol: Array<ProtocolCounters>;
  /**
   * Over everything that ever came (to the environment asked for):
   * received = stored + refused + dropped + merged.
   */
  counters: Counters;
  /** Items refused or dropped in the last five minutes, everywhere. */
  refused_last_5m: number;
  /** Latest first. */
  rows: Array<Arrival>;
};

/** What is asked: exactly one of `query` and `text`, over one dataset or a whole environment. */
export type Ask = {
  /** Slug of the dataset; absent: all of them. */
  dataset?: string | null;
  /** Slug of the environment. */
  env: string;
  /** Whether the bins of heatmaps have equal ratios, for a logarithmic axis, rather than equal widths. */
  log_heatmap?: boolean;
  query?: Query | null;
  /** The question as text. */
  text?: string | null;
  /** Whether the answer is groups and totals alone, without series, which costs less. */
  totals_only?: boolean;
};

/** A question with its two spellings. */
export type Asked = {
  /** The tree. */
  query: Query;
  /** The same as text. */
  text: string;
};

/** One value of a field. */
export type Bar = {
  /** Weighted rows of the baseline that have it. */
  baseline: number;
  /** Weighted rows selected that have it. */
  selected: number;
  /** The value; null: absent. */
  value: Cell;
};

/** One bin of a histogram: values in `min..max`, and their weight. */
export type Bin = {
  /** Weighted number of values. */
  count: number;
  /** Upper edge. */
  max: number;
  /** Lower edge. */
  min: number;
};

/** Asks which fields make a selection differ from the rest. */
export type BubbleUpAsk = {
  /** Slug of the dataset; absent: all of them. */
  dataset?: string | null;
  /** Slug of the environment. */
  env: string;
  /** Most fields returned, 1 to 200; absent: 20. */
  limit?: number | null;
  /** Fields to pass over, for the next page. */
  offset?: number;
  query?: Query | null;
  selection?: Selection | null;
  /** The same as text. */
  text?: string | null;
};

/** One thing to compute. */
export type Calculation = {
  /** Its field; none for COUNT (or: rows where it exists) and CONCURRENCY. */
  column?: string | null;
  /** How they combine. */
  filter_combination?: Combination;
  /** Conditions for this calculation alone. */
  filters?: Array<Filter>;
  /** The label of its results; absent: `OP(column)`. */
  name?: string | null;
  /** The operation. */
  op: Op;
};

/** A calculation of an answer. */
export type CalculationLabel = {
  /** Its field. */
  column?: string | null;
  /** Key of its values in `results`, `total` and `other`. */
  label: string;
  /** The operation. */
  op: Op;
};

/** The value of a group key or a calculation. */
export type Cell = null | boolean | number | string | {
  /** Non-empty bins, rising. */
  buckets: Array<Bin>;
};

/** How filters combine. */
export type Combination = "AND" | "OR";

/** Items, by what became of them. */
export type Counters = {
  /** Lost on our side, with a reason. */
  dropped: number;
  /** Repeats of what was stored before. */
  merged: number;
  /** All of them. */
  received: number;
  /** Refused, with a reason. */
  refused: number;
  /** Durable and queryable. */
  stored: number;
};

/** A named set of rows. */
export type Dataset = {
  /** When its first row came. */
  created_ns: Nanos;
  /** What brought it: `service`, `events`, … */
  kind: string;
  last_written_ns?: Nanos | null;
  /** Name as sent. */
  name: string;
  /** Rows taken since it was made. */
  rows: number;
  /** Name in addresses and questions. */
  slug: string;
};

/** The datasets of an environment, by slug. */
export type Datasets = {
  /** The datasets. */
  datasets: Array<Dataset>;
};

/** The fixed keys of `--dev`. */
export type DevKeys = {
  /** For sending and asking by Honeycomb's API. */
  configuration: string;
  /** For sending. */
  ingest: string;
  /** Token of the project `dev`. */
  project_token: string;
  /** Id of the signing key (`AWS_ACCESS_KEY_ID`). */
  signing_id: string;
  /** Its secret (`AWS_SECRET_ACCESS_KEY`). */
  signing_secret: string;
};

/** Direction of an order; ascending unless told. */
export type Direction = "ascending" | "descending";

/** An environment: data and keys apart from all others. */
export type Environment = {
  /** Its colour: `blue` `green` `gold` `red` `purple`, or one of these as `lightBlue` …. */
  color: string;
  /** When it was made. */
  created_ns: Nanos;
  /** Name as given. */
  name: string;
  /** Name in addresses. */
  slug: string;
};

/** All environments, oldest first. */
export type Environments = {
  /** The environments. */
  environments: Array<Environment>;
};

/** One exception of a chain, or the stack of a message. */
export type ExceptionTrace = {
  /** Class. */
  class: string;
  /** What the caller said about it. */
  description?: string | null;
  /** Most recent call last. */
  frames: Array<StackFrame>;
  /** Message. */
  message?: string | null;
};

/** One field. */
export type Facet = {
  /** 0 to 1: greatest difference of shares (values), or Kolmogorov–Smirnov distance (measure). */
  difference: number;
  /** Its visible name. */
  field: string;
  /**
   * It tells nothing of its own: its telling value is on the same rows as that of this field,
   * which stands before it, or it follows the measured field.
   */
  follows?: string | null;
  /** More than 90 % of its values differ over more than 20 rows, or it is a known id. */
  is_id: boolean;
  /** Its distribution. */
  shape: Shape;
};

/** Fields ranked by difference. */
export type Facets = {
  /** Weighted rows of the baseline. */
  baseline: number;
  /** Fields, most different first, ids and the measured column after all others. */
  fields: Array<Facet>;
  /** Fields looked at in all. */
  fields_total: number;
  /** Over how many rows; fewer than all when sampled. */
  rows_looked_at: number;
  /** Whether rows were sampled. */
  sampled: boolean;
  /** Weighted rows selected. */
  selected: number;
  /** What it took. */
  stats: ScanStats;
};

/** A field that questions can name. */
export type Field = {
  last_seen_ns?: Nanos | null;
  /** The visible name. */
  name: string;
  /** Rows that had it since counting began. */
  rows: number;
  /** Types seen, the first one first: `string` `integer` `float` `boolean`. */
  types: Array<string>;
};

/** A value of a field and how often it was seen. */
export type FieldValue = {
  /** Rows that have it. */
  count: number;
  /** The value. */
  value: Cell;
};

/** Distinct values of a field in the last two hours, most frequent first. */
export type FieldValues = {
  /** The values. */
  values: Array<FieldValue>;
};

/** The fields of a dataset or an environment, sorted. */
export type Fields = {
  /** The fields. */
  fields: Array<Field>;
};

/** One condition on a row. */
export type Filter = {
  /** The field, maybe with `root.` `parent.` `child.` `any.` `any2.` `any3.` `none.` before it. */
  column: string;
  /** The comparison. */
  op: FilterOp;
  /** What it is compared with; none for exists and does-not-exist, an array for in and not-in. */
  value?: unknown;
};

/** Comparisons of a filter. */
export type FilterOp = "=" | "!=" | ">" | ">=" | "<" | "<=" | "starts-with" | "does-not-start-with" | "ends-with" | "does-not-end-with" | "exists" | "does-not-exist" | "contains" | "does-not-contain" | "in" | "not-in";

/** A group. */
export type Group = {
  created_ns?: Nanos | null;
  /** Its filter expression; empty: every trace. */
  expression: string;
  /** Why there may be none, in words; null when there are some. */
  hint?: string | null;
  /** Whether insights are wanted. */
  insights: boolean;
  /** Whether it is always there and cannot be changed. */
  is_default: boolean;
  /** Its name. */
  name: string;
  /** Whether notifications are wanted. */
  notifications: boolean;
  /** Labels. */
  tags: Record<string, string>;
  /** Traces in it; null when its expression cannot be read. */
  traces?: number | null;
};

/** A change of a group. */
export type GroupChange = {
  /** Which traces; empty: all. */
  expression: string;
};

/** The groups, and how many traces of the range are in each. */
export type Groups = {
  /** The default one first, then by name. */
  groups: Array<Group>;
  /** Names of services seen in them, most traces first. */
  names: Array<SeenName>;
  /** There are more; the newest were looked at. */
  partial: boolean;
  /** Traces of the range that were looked at. */
  traces: number;
};

/** One condition on a group. */
export type Having = {
  /** The calculation. */
  calculate_op: Op;
  /** Its field. */
  column?: string | null;
  /** One of = != > >= < <=. */
  op: FilterOp;
  /** The number compared with. */
  value: number;
};

/** Health of the server. */
export type Health = {
  /** Why it is not `ok`. */
  reasons: Array<HealthReason>;
  /** The worst of the reasons. */
  state: HealthState;
};

/** One reason. */
export type HealthReason = {
  /** Stable name. */
  code: string;
  /** What to do. */
  fix: string;
  /** What is wrong. */
  text: string;
};

/** States of the server. */
export type HealthState = "ok" | "degraded" | "read_only" | "failing";

/** Histograms by time over shared bins, sparse. */
export type Heatmap = {
  /** Triples, flattened: time bucket, bin, weighted count; by time, then bin. Counts are above 0. */
  cells: Array<number>;
  /** Upper edges of the bins. */
  max: Array<number>;
  /** Lower edges of the bins, rising. */
  min: Array<number>;
  /** Greatest count of a cell. */
  peak: number;
};

/** Occurrences of one hour. */
export type HourCount = {
  /** How many. */
  count: number;
  /** Start of the hour. */
  start_ns: Nanos;
};

/** Like occurrences. */
export type Issue = {
  /** Where in the application the latest happened. */
  context?: string | null;
  /** Small number, unique in its project: `#12`. */
  counter: number;
  /** Slug of the project's dataset. */
  dataset: string;
  /** Environment of the sender. */
  environment: string;
  /** Occurrences ever. */
  ever: number;
  /** What it is grouped by, with the engine's version. */
  fingerprint: string;
  /** Time of the first occurrence. */
  first_ns: Nanos;
  /** Version of the first occurrence. */
  first_version?: string | null;
  /** Framework of the first occurrence. */
  framework: string;
  /** Unique on this server. */
  id: number;
  /** Language of the first occurrence. */
  language: string;
  /** Time of the latest occurrence. */
  last_ns: Nanos;
  /** Number of the latest occurrence. */
  last_occurrence: number;
  /** Version of the latest occurrence. */
  last_version?: string | null;
  /** Title of the latest occurrence, when it differs. */
  latest_title?: string | null;
  /** How bad. */
  level: IssueLevel;
  /** Name of its owner. */
  owner?: string | null;
  /** Number of its project. */
  project: number;
  /** Name of its project. */
  project_name: string;
  /** Whether it was resolved and came back. */
  reactivated: boolean;
  /** In which version it is resolved. */
  resolved_in_version?: string | null;
  snoozed_until_ns?: Nanos | null;
  /** Occurrences of the last 24 hours, hour by hour, the last one is now. */
  sparkline: Array<number>;
  /** Where it stands. */
  status: IssueStatus;
  /** Title. */
  title: string;
  /** Occurrences since it was activated. */
  total: number;
  /** Distinct users of the last 24 hours; null when not asked. */
  users_24h?: number | null;
};

/** A change; absent fields stay as they are. */
export type IssueChange = {
  level?: IssueLevel | null;
  /** Name of the owner; empty: nobody. */
  owner?: string | null;
  /** With `resolved`: in which version. */
  resolved_in_version?: string | null;
  /** For so many seconds nobody is told; 0: told again. */
  snooze_s?: number | null;
  status?: IssueStatus | null;
  /** 1 to 255 characters. */
  title?: string | null;
};

/** An issue with its past. */
export type IssueDetail = {
  /**
   * Occurrences by hour of the last thirty days, hours without any left out, oldest first: start and
   * count.
   */
  hours: Array<HourCount>;
  /** The issue. */
  issue: Issue;
  /** What happened, latest first; deploys of its environment among it. */
  timeline: Array<IssueEvent>;
};

/** What happened to an issue. */
export type IssueEvent = {
  /** Who: `owner`, `system`, a token. */
  actor: string;
  /** When. */
  at_ns: Nanos;
  /** To what. */
  detail: string;
  /**
   * `first_seen` `deploy` `resolved` `reactivated` `reopened` `muted` `archived` `level` `title`
   * `assigned` `snoozed` `unsnoozed`.
   */
  what: string;
};

/** How bad. */
export type IssueLevel = "debug" | "info" | "warning" | "error" | "critical";

/** Where an issue stands. */
export type IssueStatus = "active" | "resolved" | "muted" | "archived";

/** One page of issues. */
export type Issues = {
  /** Environments of senders seen in the environment's issues. */
  environments: Array<string>;
  /** The issues. */
  issues: Array<Issue>;
  /** Owners seen. */
  owners: Array<string>;
  /** How many pass in all. */
  total: number;
};

/** A key, without its secret. */
export type Key = {
  /** When it was made. */
  created_ns: Nanos;
  /** Slugs of the only datasets it may use; null: all. */
  datasets?: Array<string> | null;
  /** Its id. */
  id: string;
  /** What it is for. */
  kind: KeyKind;
  last_used_ns?: Nanos | null;
  /** What it is for, as given. */
  name: string;
  /** What it may do. */
  permissions: Array<string>;
  /** First characters of the secret; of the id, for a signing key. */
  prefix: string;
  revoked_ns?: Nanos | null;
  /** The id a signing key is sent with: no secret. Null for other kinds. */
  signing_id?: string | null;
  usage?: KeyUsage | null;
};

/** Kinds of keys. */
export type KeyKind = "ingest" | "configuration" | "personal" | "signing" | "project";

/** A key just made: the only time its secret is told. */
export type KeyMade = {
  /** The key. */
  key: Key;
  /** Its secret. */
  secret: string;
};

/** How much came with a key. Keys of an environment whose prefixes are the same are counted together. */
export type KeyUsage = {
  /** Items taken on each of the last seven days (UTC), today last. Counted in memory. */
  days: Array<number>;
  /** Since when the days are counted: when the server started. */
  days_since_ns: Nanos;
  /** Items taken, stored or known from before, since the server's directory was made. */
  taken: number;
};

/** The keys of an environment, newest first. */
export type Keys = {
  /** The keys. */
  keys: Array<Key>;
};

/** One calculation over time. */
export type Line = {
  kind: "numbers";
  /** Null where no row had a value; counts are 0 there. */
  values: Array<number | null>;
} | Heatmap & {
  kind: "heatmap";
};

/** A short link; it never expires. */
export type Link = {
  /** Slug of the environment. */
  env: string;
  /** `/l/<id>` opens it. */
  id: string;
  /** The place. */
  path: string;
};

/** Addresses listened on, `host:port`. */
export type Listen = {
  /** UI, own API and every protocol over HTTP. */
  http: string;
  /** OTLP over gRPC. */
  otlp_grpc?: string | null;
  /** OTLP over HTTP. */
  otlp_http?: string | null;
  /** X-Ray's daemon, UDP and TCP. */
  xray?: string | null;
};

/** Lines counted over time. */
export type LogCounts = {
  /** Lines in the range. */
  examined: number;
  /** Equal parts of the range, in order: lines by severity (as said; empty: none said). */
  intervals: Array<Record<string, number>>;
  /** Lines that pass. */
  matched: number;
};

/** Which lines are counted, and in how many intervals. */
export type LogCountsAsk = {
  /** First nanosecond beyond. */
  end_ns: Nanos;
  /** Slug of the environment. */
  env: string;
  /** As for lines. */
  filter?: string | null;
  /** The group's name. */
  group: string;
  /** How many intervals, 1 to 1,000; absent: 120. */
  intervals?: number | null;
  /** First nanosecond. */
  start_ns: Nanos;
  /** Names of streams; none: all. */
  streams?: Array<string>;
};

/** A function of the language. */
export type LogFunction = {
  /** What it gives. */
  about: string;
  /** Whether it stands in `stats` only. */
  aggregate: boolean;
  /** Its name. */
  name: string;
  /** How it is called. */
  signature: string;
};

/** A log group. */
export type LogGroup = {
  /** When it was made. */
  created_ns: Nanos;
  /** The slug of its dataset, as questions name it. */
  dataset: string;
  last_ns?: Nanos | null;
  /** Lines taken, those since expired too. */
  lines: number;
  /** Its name. */
  name: string;
  /** How long its lines are kept, days; absent: as long as everything else. */
  retention_days?: number | null;
  /** Bytes of all lines taken, those since expired too. */
  stored_bytes: number;
  /** Labels. */
  tags: Record<string, string>;
};

/** Groups of an environment. */
export type LogGroups = {
  /** By name. */
  groups: Array<LogGroup>;
};

/** Lines over time. */
export type LogHistogram = {
  /** A number for each. */
  counts: Array<number>;
  /** Start of the first interval; it may lie before the range. */
  start_ns: Nanos;
  /** Length of an interval. */
  step_ns: Nanos;
};

/** One line. */
export type LogLine = {
  /** Names it for as long as it exists: its time in nanoseconds, a dot, its identity (32 hex digits). */
  id: string;
  /** When it was taken. */
  ingested_ns: Nanos;
  /** As sent. */
  message: string;
  /** The severity it says, as it says it. */
  severity?: string | null;
  /** Its stream. */
  stream: string;
  /** The trace found in it, 32 hex digits. */
  trace_id?: string | null;
  /** Its time. */
  ts_ns: Nanos;
};

/** A line with all its fields. */
export type LogLineFields = {
  /** Visible names, `body` for the line itself. */
  fields: Record<string, Cell>;
};

/** A page of lines. */
export type LogLines = {
  /** Microseconds it took. */
  elapsed_us: number;
  /** Rows looked at. */
  examined: number;
  /** In the order asked. */
  lines: Array<LogLine>;
  /** Whether there are more beyond the last. */
  more: boolean;
};

/** Which lines. */
export type LogLinesAsk = {
  /** Only lines that come after this one in the order asked: the `id` of a line. */
  beyond?: string | null;
  end_ns?: Nanos | null;
  /** Slug of the environment. */
  env: string;
  /** Text, a filter pattern (`{ $.status >= 500 }`, `[a, b = 4*]`), or `/a regular expression/`. */
  filter?: string | null;
  /** The group's name. */
  group: string;
  /** Most lines, 1 to 1,000; absent: 200. */
  limit?: number | null;
  /** Order of the page: `newest` (default) or `oldest` first. */
  order?: LogOrder;
  start_ns?: Nanos | null;
  /** Names of streams; none: all. */
  streams?: Array<string>;
};

/** Order of lines. */
export type LogOrder = "newest" | "oldest";

/** The answer to a question over lines. */
export type LogQueryAnswer = {
  /** Bytes read. */
  bytes: number;
  /** In the order of the question. Of rows that are no groups the last is `@ptr`. */
  columns: Array<LogQueryColumn>;
  /** Microseconds it took. */
  elapsed_us: number;
  /** Whether rows are groups, not lines. */
  grouped: boolean;
  /** Lines that passed, over time. */
  histogram: LogHistogram;
  /** Lines that passed the filters. */
  matched: number;
  /** Time ran out, or it goes on: only the newest part of the range was read. */
  partial: boolean;
  /** One value per column, as text; null: the row has none. */
  rows: Array<Array<string | null>>;
  /** Lines of the groups in the range. */
  scanned: number;
};

/** A question over lines. */
export type LogQueryAsk = {
  /** First nanosecond beyond. */
  end_ns: Nanos;
  /** Slug of the environment. */
  env: string;
  /** Names of groups, 1 to 50. */
  groups: Array<string>;
  /** About how many intervals the histogram has, 1 to 500; absent: 120. */
  intervals?: number | null;
  /** Most rows, 1 to 10,000, unless the question says itself; absent: 1,000. */
  limit?: number | null;
  /** The question, at most 10,000 characters. */
  query: string;
  /** First nanosecond. */
  start_ns: Nanos;
};

/** A column of an answer. */
export type LogQueryColumn = {
  /** What all its values are: `time`, `number` or `text`. */
  kind: LogQueryKind;
  /** Its name. */
  name: string;
};

/** One line of a streamed answer. */
export type LogQueryEvent = {
  /** See [`LogQueryAnswer::partial`]. */
  answer: LogQueryAnswer;
  event: "partial";
} | {
  /** The answer. */
  answer: LogQueryAnswer;
  event: "done";
} | {
  event: "error";
  /** Why. */
  problem: Problem;
};

/** What the values of a column are. */
export type LogQueryKind = "time" | "number" | "text";

/** A stream of a group. */
export type LogStream = {
  /** When it was made. */
  created_ns: Nanos;
  first_ns?: Nanos | null;
  ingested_ns?: Nanos | null;
  last_ns?: Nanos | null;
  /** Its name. */
  name: string;
  /** The service that its writer named. */
  service?: string | null;
};

/** Streams of a group. */
export type LogStreams = {
  /** Those with the latest line first. */
  streams: Array<LogStream>;
  /** How many streams pass in all. */
  total: number;
};

/** A line of the tail's stream. */
export type LogTailEvent = {
  type: "idle";
} | {
  /** Their group. */
  group: string;
  /** When they were taken. */
  ingested_ns: Nanos;
  /** Lines that passed and are not sent, since the event before. */
  left_out: number;
  /** At most 1,000 a second are sent. */
  lines: Array<LogTailLine>;
  /** Their stream. */
  stream: string;
  type: "lines";
} | {
  /** How many. */
  batches: number;
  type: "missed";
};

/** One followed line. */
export type LogTailLine = {
  /** As sent. */
  message: string;
  /** Its time. */
  ts_ns: Nanos;
};

/** What can stand in a question. */
export type LogWords = {
  /** Words that begin a stage. */
  commands: Array<string>;
  /** Fields found in lines of the groups, as they are written in a question. */
  fields: Array<string>;
  /** Functions. */
  functions: Array<LogFunction>;
  /** Words between expressions. */
  keywords: Array<string>;
  /** Fields every line has. */
  special_fields: Array<string>;
};

/** Names groups whose fields complete a question. */
export type LogWordsAsk = {
  /** Slug of the environment. */
  env: string;
  /** Names of groups; none: words of the language only. */
  groups?: Array<string>;
};

/** A map: what calls what, and how it went. */
export type Map = {
  /** Calls between them. */
  edges: Array<MapEdge>;
  /** End of the range. */
  end_ns: Nanos;
  /** Services, databases, queues, and those who call from outside. */
  nodes: Array<MapNode>;
  /** The range holds more traces than were looked at, the newest first. */
  partial: boolean;
  /** Start of the range. */
  start_ns: Nanos;
  /** Traces that are in the map. */
  traces: number;
  /** Traces looked at. */
  traces_seen: number;
};

/** How calls went: each is in exactly one class. */
export type MapCalls = {
  /** The caller's fault (4xx), but for throttling. */
  error: number;
  /** The callee's fault (5xx, exceptions). */
  fault: number;
  mean_ns?: Nanos | null;
  /** Neither error nor fault. */
  ok: number;
  p50_ns?: Nanos | null;
  p95_ns?: Nanos | null;
  /** Throttled (429). */
  throttle: number;
  /** All of them. */
  total: number;
};

/** An edge of the map. */
export type MapEdge = {
  /** The calls, as the caller saw them. */
  calls: MapCalls;
  /** The caller's number. */
  from: number;
  /** The callee's number. */
  to: number;
};

/** A node of the map. */
export type MapNode = {
  /** The account it lies in. */
  account?: string | null;
  /** The calls it answered, as it saw them itself. */
  calls: MapCalls;
  /** Its number in this answer. */
  id: number;
  /** Stands for whoever calls from outside. */
  is_client: boolean;
  /** Traces begin here. */
  is_root: boolean;
  /** What it is: `AWS::EC2::Instance`, `Database::SQL`, `remote`, `client` …; null when nothing tells. */
  kind?: string | null;
  /** Its name. */
  name: string;
  /** It reports itself; others are known from their callers. */
  reports: boolean;
};

/** A name and a value as text. */
export type NamedText = {
  /** Name. */
  name: string;
  /** Value. */
  value: string;
};

/** A time or a length in nanoseconds, as decimal text. */
export type Nanos = string;

/** An environment to be made. */
export type NewEnvironment = {
  /**
   * Its colour: `blue` `green` `gold` `red` `purple`, or one of these as `lightBlue` …; absent: the
   * first one not in use.
   */
  color?: string | null;
  /** Its name; the slug is made from it. */
  name: string;
};

/** A group to be made. */
export type NewGroup = {
  /** Which traces; empty: all. */
  expression?: string;
  /** 1 to 32 characters. */
  name: string;
};

/** A key to be made. */
export type NewKey = {
  /** Slugs of the only datasets it may use; absent: all. */
  datasets?: Array<string> | null;
  /** What it will be for. */
  kind: KeyKind;
  /** A name to know it by. */
  name?: string;
  /** For `project`: the name of the project, made when there is none. */
  project?: string | null;
  /** For `project`: `post_server_item` `post_client_item` `read` `write`; absent: the first alone. */
  scopes?: Array<string> | null;
  /** A secret of the user's own, so that no client need change its key; absent: one is made. */
  secret?: string | null;
  /** For a signing key with a secret of the user's own: its id. */
  signing_id?: string | null;
};

/** A place in the UI to be kept under a short link. */
export type NewLink = {
  /** Slug of the environment. */
  env: string;
  /** Path and search of the place, beginning with `/`; at most 16 KiB. */
  path: string;
};

/** A project to be made. */
export type NewProject = {
  /** Its name. */
  name: string;
};

/** A question to be kept under a name. */
export type NewSavedQuery = {
  /** Slug of the dataset; absent: all of them. */
  dataset?: string | null;
  /** At most 1,023 characters; absent: none. */
  description?: string;
  /** 1 to 320 characters in one line; spaces around it go. */
  name: string;
  /** The question, at most 16 KiB. */
  query: Query;
};

/** One occurrence, whole. */
export type Occurrence = {
  /** Free fields. */
  custom: Array<NamedText>;
  /** Identity of its row. */
  event_id: string;
  /** Environment, version, level, language, framework, platform, context. */
  facts: Array<NamedText>;
  /** Which order of frames its language's people read: `most_recent_last` or `most_recent_first`. */
  frame_order: string;
  /** Why it is grouped as it is, in words. */
  grouped_by: string;
  /** What was hashed, line by line. */
  grouping_parts: Array<string>;
  /** Number. */
  id: number;
  /** Number of its issue. */
  issue: number;
  /** Text of a message. */
  message?: string | null;
  /** The occurrence after it. */
  next?: number | null;
  /** SDK, name and version. */
  notifier?: string | null;
  /** The person. */
  person: Array<NamedText>;
  /** The occurrence before it, of the same issue. */
  previous?: number | null;
  /** The payload as stored, JSON text; null: its row is gone. */
  raw?: string | null;
  /** The request: URL, method, headers, parameters, address. */
  request: Array<NamedText>;
  /** Paths of what was masked before it was stored. */
  scrubbed: Array<string>;
  sent_ns?: Nanos | null;
  /** The server. */
  server: Array<NamedText>;
  /** The span in which it happened, or the caller's. */
  span_id?: string | null;
  /** What happened before, oldest first. */
  telemetry: Array<TelemetryEntry>;
  /** Title. */
  title: string;
  /** Its trace, when it carries one. */
  trace_id?: string | null;
  /** The chain of exceptions, the outermost first; empty: a message. */
  traces: Array<ExceptionTrace>;
  /** Time: when it was received. */
  ts_ns: Nanos;
  /** Number its sender gave it. */
  uuid?: string | null;
};

/** An occurrence in a list. */
export type OccurrenceRef = {
  /** Identity of its row. */
  event_id: string;
  /** Number. */
  id: number;
  /** Time. */
  ts_ns: Nanos;
};

/** Occurrences, the greatest number first. */
export type Occurrences = {
  /** The occurrences. */
  occurrences: Array<OccurrenceRef>;
};

/** Operations, in the vendor's spelling. */
export type Op = "COUNT" | "SUM" | "AVG" | "MIN" | "MAX" | "COUNT_DISTINCT" | "P001" | "P01" | "P05" | "P10" | "P20" | "P25" | "P50" | "P75" | "P80" | "P90" | "P95" | "P99" | "P999" | "HEATMAP" | "CONCURRENCY" | "RATE_AVG" | "RATE_SUM" | "RATE_MAX";

/** One term of the order of groups: a breakdown (`column`) or a calculation (`op`, `column`). */
export type Order = {
  /** The breakdown, or the calculation's field. */
  column?: string | null;
  op?: Op | null;
  /** Direction. */
  order?: Direction;
};

/** Text to be read as a question. */
export type ParseAsk = {
  /** As typed. */
  text: string;
};

/** What went wrong (RFC 9457, `application/problem+json`). */
export type Problem = {
  /** This time: what, where, the limit and the way out. */
  detail: string;
  /** Byte offset in the question's text at which reading it failed. */
  offset?: number | null;
  /** Byte offset at which the mistake ends, where it has a length. */
  offset_end?: number | null;
  /** Seconds to wait before trying again. */
  retry_after_s?: number | null;
  /** HTTP status. */
  status: number;
  /** What kind of thing went wrong, in few words; the same for the same cause. */
  title: string;
};

/** What takes occurrences. */
export type Project = {
  /** When it was made. */
  created_ns: Nanos;
  /** Slug of its dataset. */
  dataset: string;
  /** Number. */
  id: number;
  /** Issues in all; 0: it still waits for its first. */
  issues: number;
  last_ns?: Nanos | null;
  /** Name. */
  name: string;
  /** Occurrences in all. */
  occurrences: number;
  /** First characters of the tokens that may post to it. */
  token_prefixes: Array<string>;
};

/** The projects of an environment, and what was refused meanwhile. */
export type Projects = {
  /** Oldest first. */
  projects: Array<Project>;
  /**
   * Deliveries of occurrences that were refused in the last five minutes, under whatever token: for a
   * project that still waits.
   */
  refused: Array<RefusedDelivery>;
};

/** Items of one protocol. */
export type ProtocolCounters = {
  /** Its items. */
  counters: Counters;
  /** `otlp/http`, `otlp/grpc`, `events`, `api`. */
  protocol: string;
};

/** A question over one dataset or a whole environment. */
export type Query = {
  /** Fields to group by. */
  breakdowns?: Array<string>;
  /** Not built: refused by name. */
  calculated_fields?: unknown;
  /** What to compute. Empty: COUNT. */
  calculations?: Array<Calculation>;
  /** Not built: refused by name. */
  compare_time_offset_seconds?: number | null;
  /** End, seconds since 1970. */
  end_time?: number | null;
  /** How the filters combine. */
  filter_combination?: Combination;
  /** Conditions on rows. */
  filters?: Array<Filter>;
  /** Not built: refused by name. */
  formulas?: unknown;
  /** Width of a time bucket, seconds; absent or 0: chosen. */
  granularity?: number | null;
  /** Conditions on groups. */
  havings?: Array<Having>;
  /** Most groups listed, 1 to 10,000; absent: 100. */
  limit?: number | null;
  /** Order of the groups. Empty: first calculation, descending. */
  orders?: Array<Order>;
  /** Start, seconds since 1970. A float is taken: our UI zooms below the second. */
  start_time?: number | null;
  /** Length of the range, seconds. */
  time_range?: number | null;
  /** Ignores weights and exposes "Sample Rate". */
  usage_mode?: boolean;
};

/**
 * One line of a streamed answer, in this order: one `plan`, any number of `progress` and
 * `partial`, then one `done` or `error`.
 */
export type QueryEvent = Asked & {
  kind: "plan";
} | {
  kind: "progress";
  /** Totals so far. */
  stats: ScanStats;
} | {
  /** Not final; the same shape as the final one. */
  answer: Answer;
  kind: "partial";
} | {
  /** Final. */
  answer: Answer;
  kind: "done";
} | {
  kind: "error";
  /** Why. */
  problem: Problem;
};

/** Occurrences refused of one sender, for one reason, in the last five minutes. */
export type RefusedDelivery = {
  /** Slug of the environment the token belongs to; null: nobody knows it. */
  env?: string | null;
  /** How many. */
  items: number;
  /** First characters of the token. */
  key_prefix?: string | null;
  /** When the last of them came. */
  last_ns: Nanos;
  /** Why, and what to do. */
  reason: ArrivalReason;
  /** Address of the sender. */
  sender: string;
  /** All of it in one sentence. */
  text: string;
  /** What the sender calls itself. */
  user_agent?: string | null;
};

/** A question to be written as text. */
export type RenderAsk = {
  /** The tree. */
  query: Query;
};

/** One request: the rows of all sources by time, and why each is among them. */
export type Request = {
  /** Latest end. */
  end_ns: Nanos;
  /** Why rows are here; rows name them by index. The first is what was asked for. */
  joins: Array<RequestJoin>;
  /** What has to be said about it, in words. */
  notices: Array<string>;
  /** By time, parents before children of the same start. */
  rows: Array<RequestRow>;
  /** Earliest start. */
  start_ns: Nanos;
  /** What it took. */
  stats: ScanStats;
  /** Least score of a join. */
  threshold: number;
  /** Rows near that fell below `threshold` and yet may be of it, best first: shown as candidates, never as part of the request. */
  unattached: Array<Unattached>;
};

/** Why some rows are of this request. */
export type RequestJoin = {
  /** In words. */
  reason: string;
  /** Probability that it is right, 0 to 1; 1 by id. */
  score: number;
  /** The source of the row that was joined; rows of the same trace came with it. */
  source: RequestSource;
  /** Its kind. */
  tier: RequestTier;
  /** The join whose rows it was joined to; none for what was asked. */
  to?: number | null;
};

/** One row of a request. */
export type RequestRow = {
  /** `meta.annotation_type` (`span_event`, `link`); null for spans and lines. */
  annotation?: string | null;
  /** Message of a line or an occurrence, its beginning. */
  body?: string | null;
  /** Slug of the dataset. */
  dataset: string;
  duration_ns?: Nanos | null;
  /** Identity, 32 hex digits. */
  event_id: string;
  /** Every field under its visible name, when asked for. */
  fields?: Record<string, Cell> | null;
  /** HTTP status of the response. */
  http_status?: number | null;
  /** Whether it had not ended when it was sent. */
  in_progress: boolean;
  /** Which of `joins` brought it. */
  join: number;
  /** `span.kind`. */
  kind?: string | null;
  /** `name`. */
  name?: string | null;
  /** 16 hex digits; of span events and links the owning span. */
  parent_id?: string | null;
  /** `service.name`. */
  service?: string | null;
  /** What a line or an occurrence says how bad it is. */
  severity?: string | null;
  /** Who told it. */
  source: RequestSource;
  /** 16 hex digits. */
  span_id?: string | null;
  /** `unset`, `ok`, `error`. */
  status?: string | null;
  /** The table: `spans`, `logs`, `errors`. */
  table: string;
  /** As printed. */
  trace_id?: string | null;
  /** Event time. */
  ts_ns: Nanos;
};

/** Who told of the request. */
export type RequestSource = "spans" | "segments" | "lines" | "occurrences";

/** How sure a join is by its kind, surest first. */
export type RequestTier = "asked" | "id" | "text" | "assignment";

/** Rows with all their fields. */
export type Rows = {
  /** Whether there were more. */
  more: boolean;
  /** Newest first; visible names; `timestamp_ns` (decimal text), `dataset` and `event_id` always there. */
  rows: Array<Record<string, Cell>>;
  /** What it took. */
  stats: ScanStats;
};

/** Asks for the newest rows that pass a question's filters. */
export type RowsAsk = {
  /** Slug of the dataset; absent: all of them. */
  dataset?: string | null;
  /** Slug of the environment. */
  env: string;
  /** Most rows, 1 to 1,000; absent: 100. */
  limit?: number | null;
  query?: Query | null;
  /** The same as text. */
  text?: string | null;
};

/** What a rule holds. Text fields are patterns with `*` and `?`. */
export type RuleFields = {
  /** Attributes the request must have. */
  attributes?: Record<string, string>;
  /** Share of the requests beyond the reservoir, 0 to 1. */
  fixed_rate: number;
  /** Host header. */
  host?: string;
  /** HTTP method. */
  http_method?: string;
  /** 1 to 32 characters. */
  name: string;
  /** 1 to 9999, the smallest decides first. */
  priority: number;
  /** Requests a second sampled before the share counts, over all clients. */
  reservoir_size: number;
  /** What the service runs on. */
  resource_arn?: string;
  /** Name of the service. */
  service_name?: string;
  /** Kind of the service. */
  service_type?: string;
  /** Path of the URL. */
  url_path?: string;
};

/** A client that reports. */
export type SamplingClient = {
  /** Its id. */
  id: string;
  /** Its share of the reservoir, requests a second. */
  quota: number;
  /** Requests a second, smoothed. */
  rate: number;
  /** When it reported last. */
  seen_ns: Nanos;
};

/** A sampling rule and its use. */
export type SamplingRule = {
  /** Clients that reported within the last 30 seconds. */
  clients: Array<SamplingClient>;
  created_ns?: Nanos | null;
  /** Whether it is always there; then only rate and reservoir can be changed. */
  is_default: boolean;
  modified_ns?: Nanos | null;
  /** The rule. */
  rule: RuleFields;
  /** What clients reported, in windows of ten seconds, oldest first; at most an hour. */
  windows: Array<SamplingWindow>;
};

/** The sampling rules in the order they decide. */
export type SamplingRules = {
  changed_ns?: Nanos | null;
  /** The one that is always there last. */
  rules: Array<SamplingRule>;
};

/** Ten seconds of a rule. */
export type SamplingWindow = {
  /** Sampled without a share of the reservoir. */
  borrowed: number;
  /** Requests the rule decided. */
  requests: number;
  /** Sampled, those without a share too: some clients leave these out of what they report. */
  sampled: number;
  /** Start. */
  start_ns: Nanos;
};

/** The saved queries of an environment. */
export type SavedQueries = {
  /** Changed last first. */
  queries: Array<SavedQuery>;
};

/** A question kept under a name. */
export type SavedQuery = {
  asked?: Asked | null;
  /** When it was saved or changed last. */
  changed_ns: Nanos;
  /** When it was saved first. */
  created_ns: Nanos;
  /** Slug of the dataset; null: all of them. */
  dataset?: string | null;
  /** What it is for; empty: nothing was said. */
  description: string;
  /** Its id, which stays when it is changed. */
  id: string;
  /** 1 to 320 characters, no two alike in an environment. */
  name: string;
  /** Why it can no longer be asked as it was saved, in words; null when it can. */
  problem?: string | null;
  /** The question's own id: `/1/queries/{dataset}/{id}` of Honeycomb's API. */
  query_id: string;
};

/** A change of a saved query: what is absent stays. */
export type SavedQueryChange = {
  /** Slug of the dataset of `query`; absent beside it: all of them. */
  dataset?: string | null;
  /** Another description; empty: none. */
  description?: string | null;
  /** Another name. */
  name?: string | null;
  query?: Query | null;
};

/** What a question read. */
export type ScanStats = {
  /** Bytes of parts actually scanned so far. */
  bytes_scanned: number;
  /** Bytes of parts considered. */
  bytes_total: number;
  /** Wall time, microseconds. */
  elapsed_us: number;
  /** See `parts_total`. */
  parts_skipped: number;
  /** Parts in range, and how many were skipped by key, dataset or index. */
  parts_total: number;
  /** Rows that passed time and dataset. */
  rows_examined: number;
};

/** A name of a service. */
export type SeenName = {
  /** The name. */
  name: string;
  /** Traces it was seen in. */
  traces: number;
};

/** What was selected. */
export type Selection = {
  /** The measured field. */
  column: string;
  /** See `start_ns`. */
  end_ns: string;
  kind: "box";
  /** Values below this. */
  max: number;
  /** Smallest value. */
  min: number;
  /** Nanoseconds as text: 64 bits do not fit a JSON number. */
  start_ns: string;
} | {
  /** Field and value. */
  keys: Array<[string, null | boolean | number | string | {
    /** Non-empty bins, rising. */
    buckets: Array<Bin>;
  }]>;
  kind: "group";
};

/** One group over time: one line per calculation, in the order of `calculations`. */
export type Series = {
  /** The calculations. */
  lines: Array<Line>;
};

/** How many spans a service has. */
export type ServiceSpans = {
  /** `service.name`. */
  service: string;
  /** Its spans. */
  spans: number;
};

/** What a client needs to know first. Answered without a token, then without names. */
export type Session = {
  /** Whether this request was allowed in. */
  authorized: boolean;
  /** Whether the server runs with `--dev`: loopback only, no login, fixed keys. */
  dev: boolean;
  dev_keys?: DevKeys | null;
  /** All environments, oldest first; empty when not allowed in. */
  environments: Array<Environment>;
  /** Health of the server. */
  health: Health;
  listen?: Listen | null;
  /** Server's clock. */
  now_ns: Nanos;
  /** Whether requests need the owner token. */
  token_required: boolean;
  /** Version of the server. */
  version: string;
};

/** The distribution of a field. */
export type Shape = {
  /** The bars. */
  bars: Array<Bar>;
  /** Distinct values seen. */
  distinct: number;
  kind: "values";
  /** Weighted rows with other values: (selected, baseline). */
  others: [number, number];
} | {
  /** Of the baseline. */
  baseline: Array<Bin>;
  kind: "measure";
  /** Of the selection. */
  selected: Array<Bin>;
};

/** The owner token, typed. */
export type SignIn = {
  /** As it stands in the file `setup-token`. */
  token: string;
};

/** One frame. */
export type StackFrame = {
  /** Lines after it. */
  after: Array<string>;
  /** Arguments by name, values as text. */
  args: Array<NamedText>;
  /** Lines before it. */
  before: Array<string>;
  /** Class of the method. */
  class?: string | null;
  /** The line itself. */
  code?: string | null;
  /** Column. */
  column?: number | null;
  /** File as reported. */
  file: string;
  /** Function or method. */
  function?: string | null;
  /** Whether it is the application's own. */
  in_app: boolean;
  /** Line. */
  line?: number | null;
  /** Local variables, values as text. */
  locals: Array<NamedText>;
};

/** An entry of what happened before. */
export type TelemetryEntry = {
  /** All of it, JSON text. */
  body: string;
  /** `log` `network` `dom` `navigation` `connectivity` `error` `manual`. */
  kind: string;
  /** Its level. */
  level: string;
  /** In words. */
  text: string;
  ts_ns?: Nanos | null;
};

/** One trace: spans, span events, links and lines, in columns, by time. An unknown trace is a 404. */
export type Trace = {
  /** The rows. */
  columns: TraceColumns;
  /** Latest end. */
  end_ns: Nanos;
  /** Number of rows; every column has this length. */
  rows: number;
  /** Earliest start; `columns.start` counts from here. */
  start_ns: Nanos;
  /** What it took. */
  stats: ScanStats;
  /** Texts that columns point at by index. */
  strings: Array<string>;
  /** As printed. */
  trace_id: string;
};

/** The columns of a trace. "Text index": an index into `strings`, −1 for none. */
export type TraceColumns = {
  /** Text index of `meta.annotation_type` (`span_event`, `link`); −1 for spans and lines. */
  annotation: Array<number>;
  /** Text index of the message of a line or an occurrence, its beginning. */
  body: Array<number>;
  /** Text index of the dataset's slug. */
  dataset: Array<number>;
  /** Length, nanoseconds; −1 for rows without one (events, links, lines). */
  duration: Array<number>;
  /** Stable identity, 32 hex digits; asks for the row's fields. */
  event_id: Array<string>;
  /** HTTP status of the response; 0 for none. */
  http_status: Array<number>;
  /** 1 for a span that had not ended when it was sent. */
  in_progress: Array<number>;
  /** Text index of `span.kind`. */
  kind: Array<number>;
  /** Text index of `name`. */
  name: Array<number>;
  /** Row of the parent span (of the owning span, for events and links): −1 none, −2 not in this trace. */
  parent: Array<number>;
  /** 16 hex digits of the parent, also when it is missing. */
  parent_id: Array<string | null>;
  /** Text index of `service.name`. */
  service: Array<number>;
  /** Text index of what a line says how bad it is (`severity`). */
  severity: Array<number>;
  /** Text index of `meta.source`. */
  source: Array<number>;
  /** 16 hex digits; null for rows that are no span. */
  span_id: Array<string | null>;
  /** Nanoseconds after the trace's start. */
  start: Array<number>;
  /** Text index of the status: `unset`, `ok`, `error`. */
  status: Array<number>;
  /** Text index of the table: `spans`, `logs`, `errors`. */
  table: Array<number>;
};

/** One row with all its fields. */
export type TraceRow = {
  /** Slug of the dataset. */
  dataset: string;
  /** Stable identity. */
  event_id: string;
  /** Every field under its visible name. */
  fields: Record<string, Cell>;
  /** The table: `spans`, `logs`, `errors`. */
  table: string;
  /** Event time. */
  ts_ns: Nanos;
};

/** Order of a list of traces. */
export type TraceSort = "newest" | "slowest";

/** One line of a list of traces. */
export type TraceSummary = {
  duration_ns?: Nanos | null;
  /** Whether the root's status is error. */
  error: boolean;
  /** Spans with status error. */
  errors: number;
  /** Name of the same. */
  root_name?: string | null;
  /** Service of the root span, or of the first span found. */
  root_service?: string | null;
  /** Spans by service, most first. */
  services: Array<ServiceSpans>;
  /** Spans in all. */
  spans: number;
  /** Start of the root. */
  start_ns: Nanos;
  /** As printed. */
  trace_id: string;
};

/** A list of traces. */
export type Traces = {
  /** In the order asked. */
  traces: Array<TraceSummary>;
};

/** Asks for root spans that pass a question's filters. */
export type TracesAsk = {
  /** Slug of the dataset; absent: all of them. */
  dataset?: string | null;
  /** Slug of the environment. */
  env: string;
  /** Most traces, 1 to 1,000; absent: 50. */
  limit?: number | null;
  query?: Query | null;
  /** Newest (default) or slowest first. */
  sort?: TraceSort;
  /** The same as text. */
  text?: string | null;
};

/** A row near a request that is not joined to it. */
export type Unattached = {
  /** Message of a line or an occurrence, its beginning. */
  body?: string | null;
  /** Slug of the dataset. */
  dataset: string;
  duration_ns?: Nanos | null;
  /** Identity, 32 hex digits. */
  event_id: string;
  /** `name`. */
  name?: string | null;
  /** What speaks for it, in words. */
  reason: string;
  /** Probability that it is of this request. */
  score: number;
  /** `service.name`. */
  service?: string | null;
  /** What a line or an occurrence says how bad it is. */
  severity?: string | null;
  /** Who told it. */
  source: RequestSource;
  /** `unset`, `ok`, `error`. */
  status?: string | null;
  /** As printed. */
  trace_id?: string | null;
  /** Event time. */
  ts_ns: Nanos;
};

/** To whom a key belongs. */
export type WhoAmI = {
  /** Its environment. */
  environment: Environment;
  /** The key. */
  key: Key;
};

