/** Which rule decides a request: as the SDKs ask the rules, in their order, until one matches. */
import type { RuleFields, SamplingRule } from '@/api/types.ts';

/** What is known of a request; what is left empty is not known, and matches every pattern. */
export interface Asked {
  service: string;
  method: string;
  host: string;
  path: string;
}

/** The parts of a rule that are patterns, and what of the request they are held against. */
export const PATTERNS = [
  { field: 'service_name', word: 'service', of: 'service' },
  { field: 'http_method', word: 'method', of: 'method' },
  { field: 'host', word: 'host', of: 'host' },
  { field: 'url_path', word: 'path', of: 'path' },
] as const satisfies readonly { field: keyof RuleFields; word: string; of: keyof Asked }[];

/**
 * Whether a pattern means all of a text: `*` is any run of characters, `?` one, case makes no difference.
 * In time proportional to both lengths: a pattern comes from anyone.
 */
export function matches(pattern: string, text: string): boolean {
  const p = [...pattern.toLowerCase()];
  const t = [...text.toLowerCase()];
  let [i, j] = [0, 0];
  // Where the last star was, and how much it has taken.
  let [star, taken] = [-1, 0];
  while (j < t.length) {
    if (p[i] === '*') {
      star = i++;
      taken = j;
    } else if (i < p.length && (p[i] === '?' || p[i] === t[j])) {
      i++;
      j++;
    } else if (star >= 0) {
      i = star + 1;
      j = ++taken;
    } else {
      return false;
    }
  }
  while (p[i] === '*') i++;
  return i === p.length;
}

export type Verdict = 'caught' | 'missed' | 'skipped' | 'not asked';

export interface Step {
  name: string;
  priority: number;
  isDefault: boolean;
  verdict: Verdict;
  /** In words. */
  why: string;
}

/** Every rule with what became of it; at most one is `caught`. */
export function whichCatches(rules: readonly SamplingRule[], asked: Asked): Step[] {
  let done = false;
  return rules.map(({ rule, is_default: isDefault }) => {
    const [verdict, why] = done
      ? (['not asked', 'not asked: one matched before'] as const)
      : judge(rule, asked);
    done ||= verdict === 'caught';
    return { name: rule.name, priority: rule.priority, isDefault, verdict, why };
  });
}

function judge(rule: RuleFields, asked: Asked): readonly [Verdict, string] {
  const own = Object.keys(rule.attributes ?? {});
  // X-Ray's SDKs leave these rules out; samplers of OpenTelemetry do ask attributes, which a form cannot know.
  if (own.length > 0)
    return ['skipped', `X-Ray SDKs leave out rules that ask attributes (${own.join(', ')})`];
  const arn = rule.resource_arn ?? '*';
  if (arn !== '*') return ['skipped', `X-Ray SDKs leave out rules of one resource (${arn})`];
  const set = PATTERNS.map(({ field, word, of }) => ({
    word,
    pattern: rule[field] ?? '*',
    text: asked[of].trim(),
  })).filter(({ pattern }) => pattern !== '*');
  const missed = set.find(({ pattern, text }) => text !== '' && !matches(pattern, text));
  if (missed) return ['missed', `${missed.word} is not ${missed.pattern}`];
  if (set.length === 0) return ['caught', 'everything'];
  return [
    'caught',
    set
      .map(({ word, pattern, text }) => (text === '' ? `${word} not known` : `${word} is ${pattern}`))
      .join(', '),
  ];
}

/** Requests a rule keeps a second out of `each`: its reservoir, and its share of what is beyond. */
export function keeps(rule: Pick<RuleFields, 'reservoir_size' | 'fixed_rate'>, each: number): number {
  const first = Math.min(each, rule.reservoir_size);
  return first + (each - first) * rule.fixed_rate;
}
