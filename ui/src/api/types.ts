/** Names for the shapes of the API that pages use. The shapes themselves are made from the server's description. */
import type { Cell, Environment, Query } from './api.gen.ts';

export type {
  Answer,
  Arrival,
  ArrivalEvent,
  ArrivalReason,
  Arrivals,
  Ask,
  Bar,
  Bin,
  Calculation,
  Cell,
  Counters,
  Dataset,
  Facet,
  Facets,
  Field,
  FieldValue,
  Health,
  Heatmap,
  Key,
  KeyKind,
  KeyMade,
  Line,
  LogCounts,
  LogGroup,
  LogLine,
  LogLineFields,
  LogLines,
  LogQueryAnswer,
  LogQueryEvent,
  LogStream,
  LogTailEvent,
  NewKey,
  Problem,
  QueryEvent,
  Request,
  RequestJoin,
  RequestRow,
  RequestSource,
  Rows,
  ScanStats,
  Selection as BubbleSelection,
  Series,
  Session,
  Shape as FacetShape,
  Trace,
  TraceRow,
  TraceSummary,
  Traces,
} from './api.gen.ts';

export type EnvironmentInfo = Environment;
/** The question as sent: Honeycomb's query specification. */
export type QuerySpec = Query;
/** Fields by name: breakdowns and calculations of a group, or all fields of an event. */
export type Row = Record<string, Cell>;
