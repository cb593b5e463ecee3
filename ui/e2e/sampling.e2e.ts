// Sampling as its clients live it: they fetch rules and report over TCP at the daemon's port, send what they kept
// over UDP, and the page shows who reported, what was kept, and by which rule.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  HOSTILE,
  launch,
  sendSegments,
  shot,
  spanId,
  type Visit,
  violations,
  visit,
  xrayTraceId,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;

// Names of their own: other tests send to the same environment.
const RULE = 'e2e-kept';
const SERVICE = 'e2e-kept-web';
const CLIENTS = ['e2e0c7f03eb64d81a5e41f70', 'e2e1c7f03eb64d81a5e41f71'] as const;

const at = (path: string) => `${target.url}/e/${target.environment}${path}`;
const own = (path: string) => `${target.url}/foursight/v1/environments/${target.environment}${path}`;
const kept = xrayTraceId(Date.now());

/** Where the daemon listens. */
async function listened(): Promise<string> {
  const answer = await fetch(`${target.url}/foursight/v1/session`);
  return ((await answer.json()) as { listen: { xray: string } }).listen.xray;
}

/** A call as an SDK makes it: unsigned, to the TCP side of the daemon's port. */
async function daemon<T>(path: string, input: object): Promise<T> {
  const answer = await fetch(`http://${await listened()}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** A segment that its SDK kept by a rule. */
const segment = (trace: string, beganMs: number, path: string, status: number, rule: string) => ({
  name: SERVICE,
  id: spanId(),
  trace_id: trace,
  start_time: (beganMs - 80) / 1000,
  end_time: beganMs / 1000,
  fault: status >= 500,
  http: {
    request: { method: 'GET', url: `http://localhost:4567${path}?page=2` },
    response: { status },
  },
  aws: { xray: { sdk: 'X-Ray for Python', sdk_version: '2.15.0', sampling_rule_name: rule } },
});

beforeAll(async () => {
  browser = await launch();
  const made = await fetch(own('/sampling_rules'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      name: RULE,
      priority: 77,
      reservoir_size: 5,
      fixed_rate: 0.1,
      service_name: SERVICE,
    }),
  });
  expect(made.status).toBe(201);
  // What is kept began after its rule was made.
  await sleep(500);
  const now = Date.now();
  await sendSegments(
    target,
    [
      segment(kept.id, now - 300, '/kept/failed', 500, RULE),
      segment(xrayTraceId(now).id, now - 200, '/kept/gone', 200, 'e2e-kept-gone'),
      segment(xrayTraceId(now).id, now - 100, `/kept/${HOSTILE[0]}`, 200, HOSTILE[1]),
      // Without a rule: its SDK decided by rules of its own.
      { ...segment(xrayTraceId(now).id, now, '/kept/local', 200, ''), aws: undefined },
      segment(kept.id, now - 250, '/kept/inner', 200, RULE),
    ],
    kept.hex,
  );
});
afterAll(async () => {
  await fetch(own(`/sampling_rules/${RULE}`), { method: 'DELETE' });
  await browser?.close();
});
beforeEach(async () => {
  here = await visit(browser);
  page = here.page;
});
afterEach(async () => {
  const { problems } = here;
  await here.close();
  expect(problems).toEqual([]);
});

interface Rules {
  SamplingRuleRecords: { SamplingRule: { RuleName: string } }[];
}
interface Targets {
  SamplingTargetDocuments: { RuleName: string; ReservoirQuota: number }[];
}

describe('sampling', () => {
  it('shows who reported, and what they saw and kept', async () => {
    const { SamplingRuleRecords: rules } = await daemon<Rules>('/GetSamplingRules', {});
    expect(rules.map((one) => one.SamplingRule.RuleName)).toContain(RULE);
    // 150 requests, 10 and 5 of them sampled; 3 and 2 of these were borrowed.
    const reports = [
      [CLIENTS[0], 100, 10, 3],
      [CLIENTS[1], 50, 5, 2],
    ] as const;
    const quotas: number[] = [];
    for (const [client, requests, sampled, borrowed] of reports) {
      const answer = await daemon<Targets>('/SamplingTargets', {
        SamplingStatisticsDocuments: [
          {
            RuleName: RULE,
            ClientID: client,
            Timestamp: Math.floor(Date.now() / 1000),
            RequestCount: requests,
            SampledCount: sampled,
            BorrowCount: borrowed,
          },
        ],
      });
      quotas.push(answer.SamplingTargetDocuments[0]?.ReservoirQuota ?? -1);
    }
    await page.goto(at(`/sampling?rule=${RULE}`));
    const clients = page.getByRole('region', { name: 'Clients' });
    for (const [i, client] of CLIENTS.entries()) {
      const row = clients.getByRole('row', { name: new RegExp(client, 'u') });
      await row.waitFor();
      expect(await row.getByRole('cell').allTextContents()).toEqual(
        expect.arrayContaining([client, RULE, `${quotas[i]}/s`]),
      );
    }
    const port = new URL(`http://${await listened()}`).port;
    await clients.getByText(`through the daemon port, ${port}/tcp, every 300 s`).waitFor();
    const chart = page.getByRole('region', { name: `${RULE}, last 10 min` });
    await chart.getByRole('img', { name: /^15 of 150 requests kept in ten minutes/u }).waitFor();

    await page.getByRole('button', { name: 'Statistics', exact: true }).click();
    await page.waitForURL(/tab=statistics/u);
    const sums = page.getByRole('region', { name: 'Statistics' }).getByRole('row', { name: RULE });
    // Of the hour: seen, kept, borrowed.
    expect((await sums.getByRole('cell').allTextContents()).slice(-3)).toEqual(['150', '15 10 %', '5']);
    // The two reports may fall into two windows of ten seconds.
    const windows = page.getByRole('region', { name: 'Reported' }).locator('tbody tr');
    const seen = await windows.locator('td:nth-child(2)').allTextContents();
    expect(seen.reduce((sum, text) => sum + Number(text), 0)).toBe(150);
    const left = await windows.locator('td:nth-child(5)').allTextContents();
    expect(left.reduce((sum, text) => sum + Number(text), 0)).toBe(135);
    await page.goBack();
    await clients.waitFor();
    await page.getByRole('button', { name: 'Rules', pressed: true }).waitFor();
  });

  it('says of the traces kept last by which rule, and why as far as it is known', async () => {
    await page.goto(at('/sampling'));
    const list = page.getByRole('region', { name: 'Decided just now' });
    const row = list.getByRole('row', { name: /\/kept\/failed/u });
    await row.waitFor();
    const [time, ...cells] = await row.getByRole('cell').allTextContents();
    expect(time).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/u);
    expect(cells).toEqual(['GET /kept/failed', '500', RULE, 'reservoir, 5/s, or 10 % of the rest', SERVICE]);
    await list.getByRole('row', { name: /\/kept\/gone 200 e2e-kept-gone the rule is gone/u }).waitFor();
    await list.getByRole('row').filter({ hasText: HOSTILE[1] }).waitFor();
    // One that names no rule was not decided by ours.
    expect(await list.getByText('/kept/local').count()).toBe(0);
    await shot(page, 'sampling-decided');

    await row.getByRole('link', { name: 'GET /kept/failed' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/trace/${kept.hex}`, 'u'));
    await page.getByText(SERVICE).first().waitFor();
  });

  it('shows groups alone, and what an address says', async () => {
    await page.goto(at('/sampling?tab=groups'));
    await page.getByRole('region', { name: 'Groups' }).waitFor();
    expect(await page.getByRole('region', { name: 'Rules' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Groups', pressed: true }).waitFor();
    // What is no tab is the first one.
    await page.goto(at('/sampling?tab=nonsense'));
    await page.getByRole('region', { name: 'Rules' }).waitFor();
  });
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['', '&tab=groups', '&tab=statistics'])('“%s” is accessible and fits', async (tab) => {
    for (const width of [1440, 390, 320]) {
      const visited = await visit(browser, { theme, width, height: 900 });
      try {
        await visited.page.goto(at(`/sampling?rule=${RULE}${tab}`));
        const region = { '': 'Decided just now', '&tab=groups': 'Groups', '&tab=statistics': 'Reported' }[
          tab
        ];
        await visited.page.getByRole('region', { name: region ?? '' }).waitFor();
        // As high as the page: a control cut by the edge of what scrolls counts as too small a target.
        await visited.page.setViewportSize({ width, height: 2_400 });
        expect(await violations(visited.page)).toEqual([]);
        expect(await beyond(visited.page)).toEqual([]);
        await shot(visited.page, `sampling-kept${tab.replace(/\W+/gu, '-')}-${theme}-${width}`);
        await visited.page.setViewportSize({ width, height: 900 });
        await shot(visited.page, `sampling-kept${tab.replace(/\W+/gu, '-')}-${theme}-${width}-900`);
        expect(visited.problems).toEqual([]);
      } finally {
        await visited.close();
      }
    }
  });
});
