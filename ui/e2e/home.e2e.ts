// Home: its services, sorted by what is clicked.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { homeTrace, launch, send, shot, violations, visit } from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  const { trace, spans } = homeTrace();
  await send(target, trace, spans, 0);
});
afterAll(async () => {
  await browser?.close();
});

it.each(['light', 'dark'] as const)('services are sorted by what is clicked, %s', async (theme) => {
  for (const width of [1440, 390, 320]) {
    const { page, problems, close } = await visit(browser, { theme, width, height: 2400 });
    try {
      await page.goto(`${target.url}/e/${target.environment}`);
      const services = page.getByRole('region', { name: 'Services' });
      const names = () => services.locator('tbody td:first-child').allTextContents();
      await expect.poll(async () => (await names()).length).toBeGreaterThan(1);
      const name = services.getByRole('button', { name: 'Service' });
      await name.focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/sort=name/u);
      const head = services.getByRole('columnheader', { name: 'Service' });
      await expect.poll(() => head.getAttribute('aria-sort')).toBe('ascending');
      const rising = [...(await names())].sort((a, b) => a.localeCompare(b));
      await expect.poll(names).toEqual(rising);
      await page.keyboard.press('Enter');
      await page.waitForURL(/sort=-name/u);
      await expect.poll(names).toEqual([...rising].reverse());
      expect(await violations(page)).toEqual([]);
      expect(await beyond(page)).toEqual([]);
      await shot(page, `home-services-${theme}-${width}`);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  }
});
