// The owner of a server outside `--dev` is asked for once: wrong is told, right opens all, and stays over a reload; nobody else is in.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launch, shot, violations, visit } from './support/index.ts';
import { type Owned, startOwned } from './support/server.ts';
import { beyond } from './support/wide.ts';

let browser: Browser;
let server: Owned;

beforeAll(async () => {
  const binary = process.env.FOURSIGHT_BIN;
  if (!binary) throw new Error('FOURSIGHT_BIN names no server');
  server = await startOwned(binary);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const field = (page: Page) => page.getByLabel('Owner token');

/** What the own API answers to a page of that browser. */
const answered = (page: Page) =>
  page.evaluate(async () => (await fetch('/foursight/v1/environments')).status);

describe.each(['light', 'dark'] as const)('the owner, %s', (theme) => {
  it('is asked for once', async () => {
    const { page, close } = await visit(browser, { theme });
    const stranger = await visit(browser, { theme });
    try {
      await page.goto(`${server.url}/e/prod/explore`);
      await field(page).waitFor();
      expect(await answered(page)).toBe(401);
      await field(page).fill('fs_own_wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('alert').getByText('This is not the owner token of this server.').waitFor();
      expect(await answered(page)).toBe(401);
      await shot(page, `login-${theme}`);

      await field(page).fill(server.token);
      await page.keyboard.press('Enter');
      await field(page).waitFor({ state: 'detached' });
      expect(await answered(page)).toBe(200);
      await page.reload();
      await page.getByRole('banner').waitFor();
      expect(await field(page).count()).toBe(0);
      // No script can read it, so none can give it away.
      const kept = await page.evaluate(() =>
        JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]),
      );
      expect(kept).not.toContain(server.token);

      // In another browser the question is asked again.
      await stranger.page.goto(server.url);
      await field(stranger.page).waitFor();
      expect(await answered(stranger.page)).toBe(401);
    } finally {
      await stranger.close();
      await close();
    }
  });

  it('is asked for on a page that is accessible and fits', async () => {
    for (const width of [1440, 390]) {
      const { page, close } = await visit(browser, { theme, width, height: 900 });
      try {
        await page.goto(server.url);
        await field(page).waitFor();
        expect(await violations(page)).toEqual([]);
        expect(await beyond(page)).toEqual([]);
      } finally {
        await close();
      }
    }
  });
});
