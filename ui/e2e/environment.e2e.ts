// An environment made in the browser, in a colour: the colour is on every page of it, and the form is accessible.

import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch, shot, violations, visit } from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const run = randomBytes(3).toString('hex');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

/** Two colours as a reader tells them apart, by their hues: gold is a yellow to orange, red is red. */
const HUES = { gold: [25, 60], red: [345, 15] } as const;

/** Hue of a colour as the browser computed it, in degrees. */
function hue(computed: string): number {
  const [r = 0, g = 0, b = 0] = (/^rgba?\((\d+), (\d+), (\d+)/u.exec(computed) ?? []).slice(1).map(Number);
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  expect(most - least, `${computed} is a grey`).toBeGreaterThan(40);
  const sixth =
    most === r
      ? (g - b) / (most - least)
      : most === g
        ? 2 + (b - r) / (most - least)
        : 4 + (r - g) / (most - least);
  return (60 * sixth + 360) % 360;
}

function expectHue(computed: string, colour: keyof typeof HUES): void {
  const [from, to] = HUES[colour];
  const at = hue(computed);
  const within = from < to ? at >= from && at <= to : at >= from || at <= to;
  expect(within, `${computed} is ${colour}`).toBe(true);
}

/** The line under the top bar, and the dot beside the environment's name. */
async function colours(page: Page): Promise<string[]> {
  const line = await page.getByRole('banner').evaluate((bar) => getComputedStyle(bar).borderBottomColor);
  const dot = await page
    .getByRole('button', { name: /^Environment /u })
    .locator('.dot')
    .evaluate((one) => getComputedStyle(one).color);
  return [line, dot];
}

/** Fills the form in and sends it. */
async function make(page: Page, name: string, colour: keyof typeof HUES): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByRole('radio', { name: colour }).check();
  await page.getByRole('button', { name: 'Create' }).click();
}

describe.each([
  ['light', 'gold'],
  ['dark', 'red'],
] as const)('a new environment, %s', (theme, colour) => {
  it(`in ${colour} is made from the menu, and its colour stands on its pages`, async () => {
    const { page, problems, close } = await visit(browser, { theme });
    const name = `e2e ${colour} ${theme} ${run}`;
    try {
      await page.goto(`${target.url}/e/${target.environment}/arrivals`);
      await page.getByRole('button', { name: /^Environment /u }).click();
      await page.getByRole('menuitem', { name: 'New environment' }).click();
      await page.waitForURL(/\/new$/u);
      expect(await page.getByRole('button', { name: 'Create' }).isDisabled()).toBe(true);
      await make(page, name, colour);
      // It has nothing yet: how to send to it comes next.
      await page.waitForURL(/\/e\/[^/]+\/send$/u);
      await page.getByRole('button', { name: `Environment ${name}` }).waitFor();
      for (const one of await colours(page)) expectHue(one, colour);
      await shot(page, `environment-${colour}-${theme}`);

      // Everywhere in it, for everyone, and in the list that one chooses from.
      await page.reload();
      await page.getByRole('button', { name: `Environment ${name}` }).waitFor();
      for (const one of await colours(page)) expectHue(one, colour);
      await page.goto(`${target.url}/e/${target.environment}/settings/environments`);
      const row = page.getByRole('row').filter({ hasText: name });
      expectHue(await row.locator('.dot').evaluate((one) => getComputedStyle(one).color), colour);

      // A name that is taken is refused where it was typed.
      await page.getByRole('link', { name: 'New environment' }).click();
      await make(page, name, colour);
      await page
        .getByRole('alert')
        .getByText(/exists/u)
        .waitFor();
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });

  it('its form is accessible and fits, empty, filled in and refused', async () => {
    for (const width of [1440, 390]) {
      const { page, problems, close } = await visit(browser, { theme, width, height: 900 });
      const look = async (what: string) => {
        expect(await violations(page), what).toEqual([]);
        expect(await beyond(page), what).toEqual([]);
        await shot(page, `new-${what}-${theme}-${width}`);
      };
      try {
        await page.goto(`${target.url}/new`);
        await page.getByRole('heading', { name: 'New environment' }).waitFor();
        await look('empty');
        // No letter or digit in it: nothing that an address could be made of.
        await make(page, '---', colour);
        await page
          .getByRole('alert')
          .getByText(/letter or digit/u)
          .waitFor();
        await look('refused');
        expect(problems).toEqual([]);
      } finally {
        await close();
      }
    }
  });
});
