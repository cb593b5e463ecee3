// Logs Insights: suggestions by the keyboard, fields found, history; and Home's way back to a question.

import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { homeTrace, launch, putLines, send, shot, type Visit, violations, visit } from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const GROUP = `e2e-insights-${randomBytes(3).toString('hex')}`;
const HOSTILE = '<img src=x onerror=pwned("insights")>';
const QUERY = 'stats count(*) as n by bin(6h)';
let browser: Browser;
let here: Visit;
let page: Page;

const at = (path: string) => `${target.url}/e/${target.environment}${path}`;
const insights = (q?: string) =>
  at(`/insights?group=${GROUP}${q === undefined ? '' : `&q=${encodeURIComponent(q)}`}`);
const editor = () => page.getByLabel('Question in the language of Logs Insights');
const offered = () => page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option');
const fields = () => page.getByRole('region', { name: 'Fields found' });

beforeAll(async () => {
  browser = await launch();
  const { trace, spans } = homeTrace();
  await send(target, trace, spans, 0);
  await putLines(target.url, GROUP, [
    '{"level":"ERROR","status":500,"full_path":"/api/messages"}',
    '{"level":"INFO","status":200,"full_path":"/api/home"}',
    `{"level":"INFO","${HOSTILE.replaceAll('"', '\\"')}":1}`,
    'plain text',
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

describe('suggestions', () => {
  it('are moved through and taken by keys, and Escape leaves the text alone', async () => {
    await page.goto(insights());
    await fields().getByText('full_path').waitFor();
    await editor().fill('');
    await editor().pressSequentially('fi');
    await expect.poll(() => offered().count()).toBeGreaterThan(1);
    const first = await offered().first().textContent();
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('[role=option][aria-selected=true]').textContent()).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Escape');
    expect(await offered().count()).toBe(0);
    expect(await editor().inputValue()).toBe('fi');
    await editor().pressSequentially('l');
    await page.keyboard.press('Tab');
    expect(await editor().inputValue()).toBe('filter ');
    await editor().pressSequentially('full');
    await offered().filter({ hasText: 'full_path' }).waitFor();
    await page.keyboard.press('Enter');
    await editor().pressSequentially(' = "/api/home" | stats count(*) as n by level');
    expect(await editor().inputValue()).toBe('filter full_path = "/api/home" | stats count(*) as n by level');
    await page.keyboard.press('Shift+Enter');
    const row = page.getByRole('grid').getByRole('row').nth(1);
    await expect.poll(() => row.getByRole('gridcell').allTextContents()).toEqual(['INFO', '1']);
  });
});

it('a field found is added to what the question shows', async () => {
  await page.goto(insights('fields @message'));
  // Two of four lines have it.
  const button = fields().getByRole('button', { name: /^Add to the question: ?int ?status/u });
  await button.filter({ hasText: '50 %' }).filter({ hasText: 'int' }).waitFor();
  await button.click();
  expect(await editor().inputValue()).toBe('fields @message, status');
  await page.getByRole('button', { name: /^Run/u }).click();
  await page.getByRole('columnheader', { name: 'status' }).waitFor();
});

it('draws one figure as bars or as a line', async () => {
  await page.goto(insights(QUERY));
  const line = page.getByRole('button', { name: 'Line', exact: true });
  expect(await line.getAttribute('aria-pressed')).toBe('false');
  await line.click();
  expect(await line.getAttribute('aria-pressed')).toBe('true');
});

it('what was run is listed, runs again, goes on from Home, and is forgotten', async () => {
  await page.goto(insights());
  await editor().fill(QUERY);
  await editor().press('Shift+Enter');
  await page.getByRole('columnheader', { name: 'n', exact: true }).waitFor();
  await editor().fill('fields @message | limit 1');
  await editor().press('Shift+Enter');
  await page.getByRole('columnheader', { name: '@message' }).waitFor();
  const history = page.getByRole('dialog', { name: 'Questions run before' });
  await page.getByRole('button', { name: 'History' }).click();
  expect(await history.locator('code').allTextContents()).toEqual(['fields @message | limit 1', QUERY]);
  expect(await violations(page)).toEqual([]);
  await history.getByRole('button', { name: QUERY }).click();
  await page.getByRole('columnheader', { name: 'n', exact: true }).waitFor();
  expect(await editor().inputValue()).toBe(QUERY);

  await page.goto(at(''));
  const on = page.getByRole('region', { name: 'Continue' });
  await on.getByRole('link', { name: QUERY }).click();
  await page.getByRole('columnheader', { name: 'n', exact: true }).waitFor();
  expect(new URL(page.url()).searchParams.get('group')).toBe(GROUP);

  await page.getByRole('button', { name: 'History' }).click();
  await history.getByRole('button', { name: 'Forget all' }).click();
  await page.goto(at(''));
  await on.getByText('in this browser only').waitFor();
  await on.getByRole('button', { name: 'Saved' }).click();
  await expect.poll(() => on.getByText('in this browser only').count()).toBe(0);
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['insights', 'home'])('%s is accessible and fits', async (name) => {
    for (const width of [1440, 390, 320]) {
      const own = await visit(browser, { theme, width, height: 2400 });
      try {
        page = own.page;
        await page.goto(insights(QUERY));
        await page.getByRole('columnheader', { name: 'n', exact: true }).waitFor();
        if (name === 'insights') {
          await editor().fill('filter ');
          await editor().pressSequentially('f');
          await offered().first().waitFor();
        } else {
          await page.getByRole('button', { name: /^Run/u }).click();
          await page.goto(at(''));
          await page.getByRole('region', { name: 'Continue' }).getByRole('link', { name: QUERY }).waitFor();
          await page.getByRole('region', { name: 'Services' }).getByRole('link').first().waitFor();
        }
        expect(await violations(page)).toEqual([]);
        expect(await beyond(page)).toEqual([]);
        await shot(page, `${name}-${theme}-${width}`);
        expect(own.problems).toEqual([]);
      } finally {
        await own.close();
      }
    }
  });
});
