import { describe, expect, it } from 'vitest';
import type { RuleFields, SamplingRule } from '@/api/types.ts';
import { decidedOf, whyKept } from './decided.ts';
import { portOf } from './model.ts';

const AT = 1_795_166_160;
const row = {
  timestamp_ns: `${AT}204000000`,
  'trace.trace_id': '6affd0d0abcdef012345678912345678',
  'trace.span_id': '53995c3f42cd8ad8',
  'service.name': 'backend-flask',
  name: 'backend-flask',
  'aws.xray.sampling_rule_name': 'Cruddur',
  'http.request.method': 'GET',
  'url.full': 'http://localhost:4567/api/activities/home?page=2#top',
  'http.response.status_code': 500,
  'aws.xray.fault': true,
  'telemetry.sdk.name': 'X-Ray for Python',
  'telemetry.sdk.version': '2.15.0',
};

describe('a segment that names its rule', () => {
  it('is told by its request, status, rule and client', () => {
    expect(decidedOf([row])).toEqual([
      {
        key: `6affd0d0abcdef012345678912345678 53995c3f42cd8ad8 ${AT}204000000`,
        ms: AT * 1000 + 204,
        trace: '6affd0d0abcdef012345678912345678',
        place: {
          span: '53995c3f42cd8ad8',
          from: `${AT - 3600}204000000`,
          to: `${AT + 3600}204000000`,
        },
        request: 'GET /api/activities/home',
        status: '500',
        failed: true,
        rule: 'Cruddur',
        service: 'backend-flask',
        sdk: 'X-Ray for Python 2.15.0',
      },
    ]);
  });
  it('without an address is told by its name, and what is no address stays as it is', () => {
    const { 'url.full': _, ...bare } = row;
    expect(decidedOf([bare])[0]?.request).toBe('backend-flask');
    expect(decidedOf([{ ...row, 'url.full': '<b>no address' }])[0]?.request).toBe('GET <b>no address');
  });
  it('is left out when it has no trace, no rule or a rule that is no text', () => {
    const rows = [
      { ...row, 'trace.trace_id': null },
      { ...row, 'aws.xray.sampling_rule_name': null },
      { ...row, 'aws.xray.sampling_rule_name': true },
    ];
    expect(decidedOf(rows)).toEqual([]);
  });
});

describe('why it was kept', () => {
  const rule = (reservoir: number, rate: number, times: Partial<SamplingRule> = {}): SamplingRule => ({
    rule: { name: 'Cruddur', priority: 1, reservoir_size: reservoir, fixed_rate: rate } as RuleFields,
    is_default: false,
    windows: [],
    clients: [],
    ...times,
  });
  // xray.md §6.2.3: a quota or a borrowed one only with a reservoir, else the share is tossed.
  it.each([
    [5, 0.1, 'reservoir, 5/s, or 10 % of the rest'],
    [5, 0, 'reservoir, 5/s'],
    [0, 0.1, '10 % of all'],
    [5, 1, 'every request is kept'],
    [0, 1, 'every request is kept'],
    [0, 0, 'not by the rule: it keeps none'],
  ])('of a reservoir of %d and a share of %d: %s', (reservoir, rate, want) => {
    expect(whyKept(rule(reservoir, rate), AT * 1000)).toBe(want);
  });
  it('is not known of a rule that is gone', () => {
    expect(whyKept(undefined, AT * 1000)).toBe('the rule is gone');
  });
  it('is not known when the rule was made after it, in place of one of the same name', () => {
    const made = `${AT}000000000`;
    const madeAgo = (s: number) =>
      whyKept(rule(0, 0.1, { created_ns: made, modified_ns: made }), (AT + s) * 1000);
    expect(madeAgo(-1)).toBe('the rule was made since');
    expect(madeAgo(0)).toBe('10 % of all');
  });
  it('is not known when the rule was another, or may have been to a client that had not fetched it', () => {
    const made = `${AT - 9_000}000000000`;
    const changedAgo = (s: number) =>
      whyKept(rule(5, 0, { created_ns: made, modified_ns: `${AT}000000000` }), (AT + s) * 1000);
    expect(changedAgo(-1)).toBe('the rule was changed since, or just before');
    expect(changedAgo(300)).toBe('the rule was changed since, or just before');
    expect(changedAgo(316)).toBe('reservoir, 5/s');
    expect(whyKept(rule(5, 0, { created_ns: made, modified_ns: made }), (AT - 8_999) * 1000)).toBe(
      'reservoir, 5/s',
    );
  });
});

it.each([
  ['127.0.0.1:2000', '2000/tcp'],
  ['[::1]:2345', '2345/tcp'],
  [null, undefined],
  [undefined, undefined],
])('the port of %s is %s', (address, want) => {
  expect(portOf(address)).toBe(want);
});
