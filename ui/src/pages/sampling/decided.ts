/** Segments that say which rule kept them, and what that tells about why. */
import type { Cell, QuerySpec, Row, SamplingRule } from '@/api/types.ts';
import { NS_PER_S, nanos, toMs } from '@/lib/time.ts';
import { msOf, percentText } from './model.ts';

/** Where an SDK writes the rule that decided; it writes none when it had no rules of a server. */
const RULE = 'aws.xray.sampling_rule_name';
const HOUR_NS = 3600n * NS_PER_S;

/** Segments of the last hour that name their rule; the first document of an unfinished one says no status yet. */
export const DECIDED: QuerySpec = {
  time_range: 3600,
  filters: [
    { column: 'meta.source', op: '=', value: 'xray' },
    { column: RULE, op: 'exists' },
    { column: 'meta.in_progress', op: 'does-not-exist' },
  ],
};

export interface Decided {
  key: string;
  ms: number;
  trace: string;
  /** Where in its trace, and about when the trace is to be looked for. */
  place: { from: string; to: string; span?: string };
  request: string;
  status: string;
  failed: boolean;
  rule: string;
  service: string;
  sdk: string;
}

const text = (cell: Cell | undefined): string =>
  typeof cell === 'string' || typeof cell === 'number' ? String(cell) : '';

/** What of the rows can be told; the newest first, as they come. */
export function decidedOf(rows: readonly Row[]): Decided[] {
  return rows.flatMap((row) => {
    const trace = text(row['trace.trace_id']);
    const rule = text(row[RULE]);
    if (trace === '' || rule === '' || typeof row.timestamp_ns !== 'string') return [];
    const at = nanos(row.timestamp_ns);
    const span = text(row['trace.span_id']);
    const fails = row['aws.xray.fault'] === true || row.error === true;
    return {
      key: `${trace} ${span} ${row.timestamp_ns}`,
      ms: toMs(at),
      trace,
      place: { ...(span ? { span } : {}), from: String(at - HOUR_NS), to: String(at + HOUR_NS) },
      request: requestOf(row),
      status: text(row['http.response.status_code']),
      failed: fails,
      rule,
      service: text(row['service.name']),
      sdk: [text(row['telemetry.sdk.name']), text(row['telemetry.sdk.version'])].filter(Boolean).join(' '),
    };
  });
}

/** `GET /api/activities/home`; the segment's name when it says no address. */
function requestOf(row: Row): string {
  const url = text(row['url.full']);
  const path = URL.canParse(url) ? new URL(url).pathname : url;
  return path === '' ? text(row.name) : [text(row['http.request.method']), path].filter(Boolean).join(' ');
}

/** Clients fetch rules every 300 s, up to 5 s later, and report every 10 s: so long one may decide by the old rule. */
const OBEYED_MS = 315_000;

/**
 * Why a rule kept a request, as far as can be known: a segment names its rule, and not whether it came out of the
 * reservoir, was borrowed, or was one of the share.
 */
export function whyKept(of: SamplingRule | undefined, ms: number): string {
  if (!of) return 'the rule is gone';
  const { rule, created_ns: created, modified_ns: modified } = of;
  // Before it was made another of its name decided, of which nothing is left.
  if (created && ms < msOf(created)) return 'the rule was made since';
  const changed = modified && modified !== created;
  if (changed && ms < msOf(modified) + OBEYED_MS) return 'the rule was changed since, or just before';
  const percent = `${percentText(rule.fixed_rate)} %`;
  if (rule.fixed_rate >= 1) return 'every request is kept';
  if (rule.reservoir_size > 0) {
    const reservoir = `reservoir, ${rule.reservoir_size}/s`;
    return rule.fixed_rate > 0 ? `${reservoir}, or ${percent} of the rest` : reservoir;
  }
  return rule.fixed_rate > 0 ? `${percent} of all` : 'not by the rule: it keeps none';
}
