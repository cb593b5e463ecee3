// Arrivals: a refusal with why and fix, live, paused, filtered.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { exportOf, homeTrace, launch, post, shot, type Visit, violations, visit } from './support/index.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;

const at = (search = '') => `${target.url}/e/${target.environment}/arrivals${search}`;
const list = () => page.getByRole('region', { name: 'Deliveries' });

/** Sends one trace with a key that nobody has. */
async function refused(key: string): Promise<number> {
  const { trace, spans } = homeTrace();
  const body = exportOf(trace, spans, BigInt(Date.now()) * 1_000_000n);
  return (await post(`${target.otlp}/v1/traces`, body, key)).status;
}

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
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

describe('arrivals', () => {
  it('show a refusal at once, with why, fix and the line to copy', async () => {
    await page.goto(at());
    await page.getByText('live', { exact: true }).waitFor();
    expect(await refused('kone_no_such_key_00000')).toBe(401);
    const item = list().getByRole('listitem').filter({ hasText: 'kone_' }).first();
    await item.getByText('no environment has this key').first().waitFor({ timeout: 5_000 });
    await item.getByText('why').waitFor();
    await item.getByText(/OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=/u).waitFor();
    await item.getByRole('button', { name: 'Copy' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(`OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=${target.key}`);
    await page
      .getByRole('navigation', { name: 'Main' })
      .getByTitle(/refused in the last 5 min/u)
      .waitFor({ timeout: 20_000 });
    await shot(page, 'arrivals-refused');
  });

  it('filter by outcome and sender, in the address', async () => {
    await refused('ktwo_no_such_key_00000');
    await page.goto(at());
    await page.getByRole('button', { name: /^Refused/u }).click();
    await page.waitForURL(/outcome=refused/u);
    await list().getByText('ktwo_').first().waitFor();
    expect(
      await list()
        .getByText(/→ cruddur/u)
        .count(),
    ).toBe(0);
    await page.getByRole('button', { name: 'Taken', exact: true }).click();
    await page.waitForURL(/outcome=taken/u);
    await list().getByText('ktwo_').first().waitFor({ state: 'detached' });
    await page.goBack();
    await list().getByText('ktwo_').first().waitFor();
  });

  it('add up', async () => {
    const answer = await fetch(`${target.url}/foursight/v1/arrivals?limit=1`, {
      signal: AbortSignal.timeout(10_000),
    });
    const { counters } = (await answer.json()) as { counters: Record<string, number> };
    expect(counters.received).toBe(
      (counters.stored ?? 0) + (counters.refused ?? 0) + (counters.dropped ?? 0) + (counters.merged ?? 0),
    );
    await page.goto(at());
    await page.getByText('Adds up, for each protocol').waitFor();
    expect(await page.getByText('This does not add up').count()).toBe(0);
  });

  it('stand still while paused', async () => {
    await page.goto(at());
    await page.getByText('live', { exact: true }).waitFor();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: /^Go on/u }).waitFor();
    await refused('kthree_no_such_key_000');
    await page.getByRole('button', { name: /^Go on, [\d,]+ new/u }).waitFor();
    expect(await list().getByText('kthre').count()).toBe(0);
    await page.keyboard.press('Space');
    await list().getByText('kthre').first().waitFor();
  });

  it.each(['light', 'dark'] as const)('are accessible, %s', async (theme) => {
    const own = await visit(browser, { theme });
    try {
      await refused('kfour_no_such_key_0000');
      await own.page.goto(at());
      await own.page.getByText('why').first().waitFor();
      expect(await violations(own.page)).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 1024, 900],
    ['light', 390, 844],
    ['dark', 390, 844],
  ] as const)('fit %s %i', async (theme, width, height) => {
    const own = await visit(browser, { theme, width, height });
    try {
      await own.page.goto(at());
      await own.page.getByText('why').first().waitFor();
      expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shot(own.page, `arrivals-${theme}-${width}`);
    } finally {
      await own.close();
    }
  });
});
