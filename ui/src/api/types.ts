/** Names for the shapes of the API that pages use. */
import type { Calculation, Filter, Having, Op, Order } from '@/query/model.ts';

export interface EnvironmentInfo {
  slug: string;
  name: string;
  color: string;
  created_ns: string;
}

export interface Session {
  dev: boolean;
  token_required: boolean;
  authorized: boolean;
  version: string;
  now_ns: string;
  environments: EnvironmentInfo[];
  listen: { http: string; otlp_grpc: string | null; otlp_http: string | null } | null;
  health: { state: string; reasons: { code: string; text: string; fix: string }[] };
  dev_keys: { ingest: string; configuration: string } | null;
}

export interface Dataset {
  slug: string;
  name: string;
  kind: string;
  created_ns: string;
  last_written_ns: string | null;
  rows: number;
}

export interface Field {
  name: string;
  types: string[];
  last_seen_ns: string | null;
  rows: number;
}

export interface Bin {
  min: number;
  max: number;
  count: number;
}

/** Value of a group key or calculation. */
export type Cell = null | boolean | number | string | { buckets: Bin[] };
export type Row = Record<string, Cell>;

export interface ScanStats {
  rows_examined: number;
  bytes_total: number;
  bytes_scanned: number;
  parts_total: number;
  parts_skipped: number;
  elapsed_us: number;
}

/** The question as sent: Honeycomb's query specification. */
export interface QuerySpec {
  calculations?: Calculation[];
  filters?: Filter[];
  filter_combination?: 'AND' | 'OR';
  breakdowns?: string[];
  orders?: Order[];
  havings?: Having[];
  limit?: number;
  time_range?: number;
  start_time?: number;
  end_time?: number;
  granularity?: number;
}

/** A question and where it is asked. */
export interface Ask {
  env: string;
  dataset?: string | undefined;
  query: QuerySpec;
}

export interface Heatmap {
  min: number[];
  max: number[];
  /** Triples, flattened: time bucket, bin, count. */
  cells: number[];
  peak: number;
}

export type Line = { kind: 'numbers'; values: (number | null)[] } | ({ kind: 'heatmap' } & Heatmap);

export interface Series {
  lines: Line[];
}

export interface CalculationLabel {
  label: string;
  op: Op;
  column: string | null;
}

export interface Answer {
  asked: { query: QuerySpec; text: string };
  start_ns: string;
  end_ns: string;
  step_ns: string;
  first_bucket_ns: string;
  buckets: number;
  calculations: CalculationLabel[];
  breakdowns: string[];
  results: Row[];
  series: Series[];
  total: Row;
  total_series: Series | null;
  other: Row | null;
  groups_seen: number;
  approximate: boolean;
  notices: string[];
  stats: ScanStats;
}

export interface Problem {
  status: number;
  title: string;
  detail: string;
  offset?: number;
  retry_after_s?: number;
}

export type QueryEvent =
  | { kind: 'plan'; query: QuerySpec; text: string }
  | { kind: 'progress'; stats: ScanStats }
  | { kind: 'partial'; answer: Answer }
  | { kind: 'done'; answer: Answer }
  | { kind: 'error'; problem: Problem };

export type BubbleSelection =
  | { kind: 'box'; column: string; start_ns: string; end_ns: string; min: number; max: number }
  | { kind: 'group'; keys: [string, Cell][] };

export interface Bar {
  value: Cell;
  selected: number;
  baseline: number;
}

export type FacetShape =
  | { kind: 'values'; bars: Bar[]; others: [number, number]; distinct: number }
  | { kind: 'measure'; selected: Bin[]; baseline: Bin[] };

export interface Facet {
  field: string;
  difference: number;
  is_id: boolean;
  shape: FacetShape;
}

export interface Facets {
  selected: number;
  baseline: number;
  fields: Facet[];
  fields_total: number;
  rows_looked_at: number;
  sampled: boolean;
  stats: ScanStats;
}

export interface TraceSummary {
  trace_id: string;
  root_service: string | null;
  root_name: string | null;
  start_ns: string;
  duration_ns: string | null;
  error: boolean;
  spans: number;
  errors: number;
  services: { service: string; spans: number }[];
}

export interface Rows {
  rows: Row[];
  more: boolean;
  stats: ScanStats;
}
