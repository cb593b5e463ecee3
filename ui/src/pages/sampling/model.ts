/** Figures of rules, rules as the AWS CLI takes them, and expressions that name a service. */
import type { RuleFields, SamplingRule, SamplingWindow } from '@/api/types.ts';
import { nanos, toMs } from '@/lib/time.ts';
import { PATTERNS } from './catch.ts';

export const msOf = (ns: string): number => toMs(nanos(ns));

export interface Use {
  seen: number;
  kept: number;
  borrowed: number;
}

/** What a rule decided in the windows that began after `sinceMs`. */
export function tally(windows: readonly SamplingWindow[], sinceMs: number): Use {
  const sum = { seen: 0, kept: 0, borrowed: 0 };
  for (const one of windows) {
    if (msOf(one.start_ns) < sinceMs) continue;
    sum.seen += one.requests;
    sum.kept += one.sampled;
    sum.borrowed += one.borrowed;
  }
  return sum;
}

/** The patterns of a rule that say something, as words. */
export function matchOf(rule: RuleFields): { word: string; value: string }[] {
  const words: { word: string; value: string }[] = PATTERNS.map(({ field, word }) => ({
    word,
    value: rule[field] ?? '*',
  }));
  words.push(
    { word: 'type', value: rule.service_type ?? '*' },
    { word: 'resource', value: rule.resource_arn ?? '*' },
  );
  return [
    ...words.filter(({ value }) => value !== '*'),
    ...Object.entries(rule.attributes ?? {}).map(([word, value]) => ({ word, value })),
  ];
}

/** A rule as `aws xray create-sampling-rule --cli-input-json` takes it; of the one always there only rate and reservoir. */
export function cliJson({ rule, is_default: isDefault }: Pick<SamplingRule, 'rule' | 'is_default'>): string {
  const figures = { FixedRate: rule.fixed_rate, ReservoirSize: rule.reservoir_size };
  const whole = isDefault
    ? { SamplingRuleUpdate: { RuleName: rule.name, ...figures } }
    : {
        SamplingRule: {
          RuleName: rule.name,
          ResourceARN: rule.resource_arn ?? '*',
          Priority: rule.priority,
          ...figures,
          ServiceName: rule.service_name ?? '*',
          ServiceType: rule.service_type ?? '*',
          Host: rule.host ?? '*',
          HTTPMethod: rule.http_method ?? '*',
          URLPath: rule.url_path ?? '*',
          Version: 1,
          Attributes: rule.attributes ?? {},
        },
      };
  return JSON.stringify(whole, null, 2);
}

/** `service("backend-flask")`, quotes and backslashes of the name escaped as the grammar wants them. */
export function serviceExpression(name: string): string {
  return `service("${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}")`;
}

/** A share as percent without lost digits: 0.1 → `10`, 0.0005 → `0.05`. */
export function percentText(share: number): string {
  return String(Number((share * 100).toPrecision(12)));
}

/** `10` → 0.1; nothing that is no percentage. */
export function readPercent(text: string): number | undefined {
  const trimmed = text.trim().replace(/\s*%$/, '');
  if (!/^\d{1,3}(\.\d{1,10})?$/.test(trimmed)) return undefined;
  const share = Number((Number(trimmed) / 100).toPrecision(12));
  return share <= 1 ? share : undefined;
}

/** A whole number within bounds, or nothing. */
export function readWhole(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,10}$/.test(text.trim())) return undefined;
  const n = Number(text);
  return n >= least && n <= most ? n : undefined;
}

/** One window of a chart; gaps are windows in which no client reported. */
export interface Bar {
  ms: number;
  seen: number;
  kept: number;
  borrowed: number;
}

export const WINDOW_MS = 10_000;

/** The last `count` windows up to now, without gaps. */
export function bars(windows: readonly SamplingWindow[], nowMs: number, count: number): Bar[] {
  const last = Math.floor(nowMs / WINDOW_MS) * WINDOW_MS;
  const found = new Map(windows.map((one) => [msOf(one.start_ns), one]));
  return Array.from({ length: count }, (_, i) => {
    const ms = last - (count - 1 - i) * WINDOW_MS;
    const one = found.get(ms);
    return { ms, seen: one?.requests ?? 0, kept: one?.sampled ?? 0, borrowed: one?.borrowed ?? 0 };
  });
}

/** The port of `host:port` that clients fetch rules from; nothing when none is listened on. */
export function portOf(address: string | null | undefined): string | undefined {
  const port = address?.match(/:(\d+)$/u)?.[1];
  return port && `${port}/tcp`;
}
