// Logs: groups, filter, an open line, zoom, tail; Insights.

import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  addLines,
  homeTrace,
  launch,
  putLines,
  send,
  shot,
  type Visit,
  violations,
  visit,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const GROUP = 'e2e-cruddur';
const HOSTILE = '<img src=x onerror=pwned("log")> ERROR';
const { trace, spans } = homeTrace();
let browser: Browser;
let here: Visit;
let page: Page;

const at = (path: string) => `${target.url}/e/${target.environment}/${path}`;
const logs = (search = '') => at(`logs?group=${GROUP}${search}`);
const lines = () => page.getByRole('grid', { name: /lines, newest first/u });

beforeAll(async () => {
  browser = await launch();
  await send(target, trace, spans, 0);
  await putLines(target.url, GROUP, [
    'INFO Test log',
    `{"level":"ERROR","status":500,"trace_id":"${trace}","message":"view returned None"}`,
    'GET /api/activities/home 200',
    HOSTILE,
  ]);
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

describe('logs', () => {
  it('lists the lines of a group, newest first, as text', async () => {
    await page.goto(logs());
    const rows = lines().getByRole('row');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(4);
    expect(await rows.first().textContent()).toContain(HOSTILE);
    expect(await rows.last().textContent()).toContain('INFO Test log');
    await page.getByText('4 of 4 lines').waitFor();
  });

  it('keeps what passes a pattern, says what is wrong with another, and drops it again', async () => {
    await page.goto(logs());
    const filter = page.getByLabel('Filter lines by text, pattern or regular expression');
    await filter.fill('{ $.status >= 500 }');
    await filter.press('Enter');
    await page.waitForURL(/filter=/u);
    await page.getByText('1 of 4 lines').waitFor();
    // The count and the lines come in answers of their own.
    await expect.poll(() => lines().getByRole('row').count()).toBe(1);
    await filter.fill('nowhere-to-be-found');
    await filter.press('Enter');
    await page.getByRole('button', { name: 'Drop the filter' }).click();
    await page.getByText('4 of 4 lines').waitFor();
    await filter.fill('{ $.status >= }');
    await filter.press('Enter');
    await page.getByRole('alert').first().waitFor();
    here.problems.length = 0;
  });

  it('opens a line: fields, raw, neighbours, and the way to its trace and request', async () => {
    await page.goto(logs('&filter=returned'));
    await page.getByRole('button', { name: /^Open the line/u }).click();
    await page.waitForURL(/line=/u);
    await page.getByRole('definition').filter({ hasText: /^500$/u }).waitFor();
    await page.getByRole('button', { name: 'Context ±20' }).click();
    await page
      .getByRole('grid', { name: /Lines around it/u })
      .getByText('INFO Test log')
      .waitFor();
    await shot(page, 'logs-open');
    await page.getByRole('link', { name: 'Same request' }).click();
    const rows = page.getByRole('treegrid', { name: 'Rows of the request' });
    await rows.getByText('home-activities-mock-data').waitFor();
    await rows.getByText('view returned None').first().waitFor();
  });

  it('marks one place of the list: the group, or one stream of it', async () => {
    await page.goto(logs());
    const list = page.getByRole('navigation', { name: 'Groups and streams' });
    await list.getByRole('link', { name: 'backend-flask/1' }).click();
    await page.waitForURL(/stream=/u);
    const current = list.locator('[aria-current]');
    await current.filter({ hasText: 'backend-flask/1' }).waitFor();
    expect(await current.count()).toBe(1);
    await list.getByRole('link', { name: 'all streams' }).click();
    await current.filter({ hasText: 'all streams' }).waitFor();
    expect(await current.count()).toBe(1);
    expect(await list.getByRole('link', { name: 'all streams' }).getAttribute('aria-current')).toBe('true');
  });

  it('a value of an open line is asked about in Explore', async () => {
    await page.goto(logs('&filter=returned'));
    await page.getByRole('button', { name: /^Open the line/u }).click();
    await page.getByRole('button', { name: '500', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Filter to this value' }).click();
    await page.waitForURL(/\/explore\?/u);
    const { searchParams } = new URL(page.url());
    expect(searchParams.get('ds')).toBe(`logs-${GROUP}`);
    expect(searchParams.get('w')).toBe('status=500');
    await page.getByRole('columnheader', { name: 'COUNT' }).waitFor();
    await page.getByRole('cell', { name: '1', exact: true }).waitFor();
  });

  it('follows what comes, and stands still while paused', async () => {
    await page.goto(logs('&tail=1'));
    await page.getByText('live', { exact: true }).waitFor();
    await addLines(target.url, GROUP, ['tail one']);
    const tail = page.getByRole('grid', { name: 'Lines as they come' });
    await tail.getByText('tail one').waitFor({ timeout: 10_000 });
    await page.keyboard.press('Space');
    await page.getByText(/^Frozen at/u).waitFor();
    await addLines(target.url, GROUP, ['tail two']);
    await page.getByRole('button', { name: '1 new below' }).waitFor({ timeout: 10_000 });
    expect(await tail.getByText('tail two').count()).toBe(0);
    await page.getByRole('button', { name: '1 new below' }).click();
    await tail.getByText('tail two').waitFor();
  });
});

it.each(['light', 'dark'] as const)(
  'the tail is accessible and fits, running and frozen, %s',
  async (theme) => {
    for (const width of [1440, 390]) {
      const own = await visit(browser, { theme, width, height: 900 });
      try {
        await own.page.goto(logs('&tail=1&mark=tail'));
        await own.page.getByText('live', { exact: true }).waitFor();
        await addLines(target.url, GROUP, ['INFO tail of axe', HOSTILE]);
        const tail = own.page.getByRole('grid', { name: 'Lines as they come' });
        await tail.getByText(HOSTILE).waitFor();
        expect(await violations(own.page), 'running').toEqual([]);
        await own.page.getByRole('button', { name: /^Pause/u }).click();
        await own.page.getByText(/^Frozen at/u).waitFor();
        await addLines(target.url, GROUP, ['WARN tail of axe']);
        const newer = await own.page.getByRole('button', { name: '1 new below' }).boundingBox();
        const bar = await own.page.getByRole('button', { name: /^Resume/u }).boundingBox();
        expect((newer?.y ?? 0) + (newer?.height ?? 0), 'hides nothing of the bar').toBeLessThan(bar?.y ?? 0);
        expect(await violations(own.page), 'frozen').toEqual([]);
        expect(await beyond(own.page)).toEqual([]);
        await shot(own.page, `logs-tail-${theme}-${width}`);
        expect(own.problems).toEqual([]);
      } finally {
        await own.close();
      }
    }
  },
);

describe('insights', () => {
  it('answers a question, and points at what is wrong with another', async () => {
    await page.goto(at(`insights?group=${GROUP}`));
    const text = page.getByLabel('Question in the language of Logs Insights');
    await text.fill('filter status = 500 | stats count(*) as n by level');
    await text.press('Shift+Enter');
    const row = page.getByRole('grid').getByRole('row').nth(1);
    await row.getByText('ERROR').waitFor();
    expect(await row.getByRole('gridcell').allTextContents()).toEqual(['ERROR', '1']);
    await text.fill('fields @message | explode');
    await page.getByRole('button', { name: /^Run/u }).click();
    await page
      .getByRole('alert')
      .getByText(/explode/u)
      .waitFor();
    here.problems.length = 0;
  });
});

it('draws an answer over time, and hands its rows out', async () => {
  const query = 'stats count(*) as n by bin(6h)';
  await page.goto(at(`insights?group=${GROUP}&q=${encodeURIComponent(query)}`));
  await page
    .getByRole('region', { name: 'Over time' })
    .getByRole('img', { name: /^n over time/u })
    .waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'CSV' }).click(),
  ]);
  const [head, row] = readFileSync(await file.path(), 'utf8').split('\r\n');
  expect(head).toBe('bin(6h),n');
  // Other tests add lines to the group: four are there from the start.
  expect(Number(row?.split(',')[1])).toBeGreaterThanOrEqual(4);
  await page.goto(at(`insights?group=${GROUP}`));
  await page.getByRole('img', { name: /^lines over time/u }).waitFor();
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each([`logs?group=${GROUP}`, `insights?group=${GROUP}`])('“%s” is accessible and fits', async (path) => {
    for (const width of [1440, 390]) {
      const own = await visit(browser, { theme, width, height: 900 });
      try {
        await own.page.goto(at(path));
        await own.page.getByText('INFO Test log').first().waitFor();
        expect(await violations(own.page)).toEqual([]);
        expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          width,
        );
        await shot(own.page, `${path.split('?')[0]}-${theme}-${width}`);
      } finally {
        await own.close();
      }
    }
  });
});
