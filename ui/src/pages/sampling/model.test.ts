import { describe, expect, it } from 'vitest';
import type { RuleFields, SamplingRule } from '@/api/types.ts';
import { keeps, matches, whichCatches } from './catch.ts';
import {
  bars,
  cliJson,
  matchOf,
  percentText,
  readPercent,
  readWhole,
  serviceExpression,
  tally,
} from './model.ts';

const rule = (over: Partial<RuleFields> = {}, isDefault = false): SamplingRule => ({
  rule: {
    name: 'Cruddur',
    priority: 9000,
    reservoir_size: 5,
    fixed_rate: 0.1,
    service_name: '*',
    service_type: '*',
    host: '*',
    http_method: '*',
    url_path: '*',
    resource_arn: '*',
    attributes: {},
    ...over,
  },
  is_default: isDefault,
  windows: [],
  clients: [],
});

// xray.md §4: `*` any run, `?` one character, case-insensitive.
describe('patterns', () => {
  it.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['', '', true],
    ['', 'a', false],
    ['backend-flask', 'Backend-Flask', true],
    ['backend-flask', 'backend-flask2', false],
    ['/api/*', '/api/activities/home', true],
    ['/api/*', '/apis', false],
    ['/api/*/home', '/api/a/b/home', true],
    ['/api/*/home', '/api/home', false],
    ['/user/?', '/user/7', true],
    ['/user/?', '/user/', false],
    ['/user/?', '/user/77', false],
    ['*.example', 'a.example', true],
    ['*a*b', 'xaxxb', true],
    ['*a*b', 'xaxxbc', false],
    ['??*', 'a', false],
    ['?', '😀', true],
    ['a.c', 'abc', false],
    ['**a**', 'a', true],
  ])('%s on “%s”: %s', (pattern, text, want) => {
    expect(matches(pattern, text)).toBe(want);
  });
  // One that tried every way to lay the stars would not end.
  it('end on a hostile pattern', () => {
    expect(matches(`${'*a'.repeat(2_000)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});

describe('which rule catches', () => {
  const rules = [
    rule({ name: 'Health', priority: 100, url_path: '/healthz' }),
    rule({ name: 'Typed', priority: 200, attributes: { tenant: 'a' } }),
    rule({ name: 'Arn', priority: 300, resource_arn: 'arn:aws:ecs:x' }),
    rule({ service_name: 'backend-*', http_method: 'GET' }),
    rule({ name: 'Default', priority: 10_000 }, true),
  ];
  const verdicts = (service: string, method: string, path: string) =>
    whichCatches(rules, { service, method, host: '', path }).map((step) => step.verdict);
  it('is the first in order; the rest is not asked', () => {
    expect(verdicts('backend-flask', 'get', '/api')).toEqual([
      'missed',
      'skipped',
      'skipped',
      'caught',
      'not asked',
    ]);
    expect(verdicts('web', 'GET', '/api')).toEqual(['missed', 'skipped', 'skipped', 'missed', 'caught']);
  });
  it('takes what is not known as matching, and says so', () => {
    expect(verdicts('web', '', '')[0]).toBe('caught');
    expect(whichCatches(rules, { service: 'web', method: '', host: '', path: '' })[0]?.why).toBe(
      'path not known',
    );
  });
  it('says which pattern did not match', () => {
    const [health] = whichCatches(rules, { service: '', method: '', host: '', path: '/x' });
    expect(health?.why).toBe('path is not /healthz');
  });
  it('keeps the reservoir first, then the share', () => {
    // 12 a second: 5, and a tenth of 7.
    expect(keeps({ reservoir_size: 5, fixed_rate: 0.1 }, 12)).toBeCloseTo(5.7);
    expect(keeps({ reservoir_size: 5, fixed_rate: 0.1 }, 3)).toBe(3);
  });
});

describe('a rule', () => {
  it('is told by its patterns that say something', () => {
    expect(matchOf(rule({ url_path: '/healthz', attributes: { tenant: 'a' } }).rule)).toEqual([
      { word: 'path', value: '/healthz' },
      { word: 'tenant', value: 'a' },
    ]);
  });
  it('as CLI JSON has the names of the AWS API', () => {
    expect(JSON.parse(cliJson(rule({ service_name: 'backend-flask' })))).toEqual({
      SamplingRule: {
        RuleName: 'Cruddur',
        ResourceARN: '*',
        Priority: 9000,
        FixedRate: 0.1,
        ReservoirSize: 5,
        ServiceName: 'backend-flask',
        ServiceType: '*',
        Host: '*',
        HTTPMethod: '*',
        URLPath: '*',
        Version: 1,
        Attributes: {},
      },
    });
    expect(JSON.parse(cliJson(rule({ name: 'Default' }, true)))).toEqual({
      SamplingRuleUpdate: { RuleName: 'Default', FixedRate: 0.1, ReservoirSize: 5 },
    });
  });
  it('sums its windows since a time', () => {
    const at = (s: number) => ({ start_ns: `${s}000000000`, requests: 10, sampled: 4, borrowed: 1 });
    expect(tally([at(10), at(60), at(70)], 60_000)).toEqual({ seen: 20, kept: 8, borrowed: 2 });
    const drawn = bars([at(60)], 75_000, 3);
    expect(drawn.map((bar) => [bar.ms, bar.seen])).toEqual([
      [50_000, 0],
      [60_000, 10],
      [70_000, 0],
    ]);
  });
});

describe('fields', () => {
  it.each([
    ['10', 0.1],
    ['0.05', 0.0005],
    ['100 %', 1],
    ['101', undefined],
    ['-1', undefined],
    ['', undefined],
    ['ten', undefined],
  ])('%s percent', (text, want) => {
    expect(readPercent(text)).toBe(want);
  });
  it('of numbers know their bounds', () => {
    expect([readWhole('0', 1, 9999), readWhole('9999', 1, 9999), readWhole('1.5', 0, 9)]).toEqual([
      undefined,
      9999,
      undefined,
    ]);
    expect([percentText(0.1), percentText(0.0005), percentText(0.07)]).toEqual(['10', '0.05', '7']);
  });
  it('of names are quoted', () => {
    expect(serviceExpression('a"b\\c')).toBe('service("a\\"b\\\\c")');
  });
});
