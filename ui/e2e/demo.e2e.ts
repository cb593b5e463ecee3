// The main job on the demo's traffic: heatmap, box over the slow band, BubbleUp names why, a click opens the trace.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch, printedBy, shot, type Target, type Truth, violations, visit } from './support/index.ts';

/** The demo's promise: a minute after the start there is something to see. */
const TRAFFIC_MS = 60_000;

const DRAWN_WITHIN_MS = 20_000;

/** Where to drag and click, in pixels of the page. */
interface Band {
  left: number;
  right: number;
  top: number;
  bottom: number;
  cell: { x: number; y: number };
}

/** Ids and the measured field say nothing about why; they stand after all others. */
const ASIDE = /(?:^|\.)(?:trace|span|parent)_id$|^duration_ms$|^event_id$/u;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

/** Waits for cells on the heatmap. */
async function slowBand(page: Page): Promise<Band> {
  for (const until = Date.now() + DRAWN_WITHIN_MS; ; await sleep(200)) {
    const band = await findBand(page);
    if (band) return band;
    if (Date.now() > until) throw new Error('the heatmap has no cells');
  }
}

/** Place of the slow band on the heatmap: the topmost dense rows. */
async function findBand(page: Page): Promise<Band | undefined> {
  const plane = page.getByRole('application', { name: /^Heatmap of/u });
  const canvas = page.getByRole('img', { name: /heatmap|events|duration/iu }).first();
  const box = await plane.boundingBox();
  if (!box) throw new Error('the heatmap is not on the page');
  const found = await canvas.evaluate((element) => {
    const surface = element as HTMLCanvasElement;
    const context = surface.getContext('2d');
    if (!context) return undefined;
    const style = getComputedStyle(document.documentElement);
    const rgb = (name: string) => {
      const hex = style.getPropertyValue(name).trim();
      return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    };
    // h1 is nearly the ground; the rest is ink.
    const inks = ['--h2', '--h3', '--h4', '--h5', '--h6', '--h7', '--h8', '--h1'].map(rgb);
    const { width, height } = surface;
    const pixels = context.getImageData(0, 0, width, height).data;
    const isInk = (x: number, y: number) => {
      const at = (y * width + x) * 4;
      return inks.some((ink) => ink.every((value, i) => Math.abs(value - (pixels[at + i] ?? 0)) <= 3));
    };
    // Ink of each row, over the columns that have any: the demo fills only the last part of the range.
    const ink: number[] = new Array(height).fill(0);
    const columns = new Set<number>();
    for (let y = 0; y < height; y += 1) {
      for (let x = Math.round(width * 0.1); x < width * 0.99; x += 1) {
        if (!isInk(x, y)) continue;
        ink[y] = (ink[y] ?? 0) + 1;
        columns.add(x);
      }
    }
    // A lone slow span is no band: a fifth of the columns must have it.
    const dense = (y: number) => (ink[y] ?? 0) >= columns.size * 0.2;
    const first = ink.findIndex((_, y) => columns.size > 20 && dense(y));
    if (first < 0) return undefined;
    let last = first;
    for (let y = first; y < height && y - last <= height * 0.02; y += 1) if (dense(y)) last = y;
    // A place well inside of a cell, to click at.
    const inside = (x: number, y: number) =>
      [-2, 0, 2].every((dx) => [-1, 0, 1].every((dy) => isInk(x + dx, y + dy)));
    let cell: { x: number; y: number } | undefined;
    for (let y = first; y <= last && !cell; y += 1) {
      const x = [...columns].find((column) => inside(column, y));
      if (x !== undefined) cell = { x, y };
    }
    if (!cell) return undefined;
    const scale = surface.getBoundingClientRect().height / height;
    return { top: first * scale, bottom: last * scale, cell: { x: cell.x * scale, y: cell.y * scale } };
  });
  if (!found) return undefined;
  return {
    left: box.x + box.width * 0.06,
    right: box.x + box.width - 12,
    top: box.y + found.top - 3,
    bottom: box.y + found.bottom + 3,
    cell: { x: box.x + found.cell.x, y: box.y + found.cell.y },
  };
}

/** The one address that a demo printed; of one that was started by another, the same by what it says of itself. */
function addressOf(target: Target): string {
  const printed = printedBy(target);
  if (printed === undefined) return `${target.url}/e/${target.environment}/explore?t=-10m`;
  const [address = '', ...rest] = printed.split('\n');
  // A line, its end, and nothing else.
  expect(rest, printed).toEqual(['']);
  expect(new URL(address).href, printed).toBe(address);
  return address;
}

/** Waits until the demo has sent for a minute, then opens the address it printed. */
async function openExplore(page: Page, target: Target): Promise<void> {
  await sleep(Math.max(0, target.startedMs + TRAFFIC_MS - Date.now()));
  await page.goto(addressOf(target));
  await page.getByRole('application', { name: /^Heatmap of duration_ms/u }).waitFor();
}

async function namesTheSlowPair(target: Target, truth: Truth, name: string): Promise<void> {
  const { page, problems, close } = await visit(browser);
  try {
    await openExplore(page, target);
    const band = await slowBand(page);
    await page.mouse.move(band.left, band.top);
    await page.mouse.down();
    await page.mouse.move((band.left + band.right) / 2, (band.top + band.bottom) / 2, { steps: 8 });
    await page.mouse.move(band.right, band.bottom, { steps: 8 });
    await page.mouse.up();
    await shot(page, `${name}-brushed`);
    await page
      .getByRole('button', { name: /^BubbleUp/u })
      .first()
      .click();
    const cards = page.getByRole('region', { name: 'Fields' }).getByRole('article');
    await cards.first().waitFor();
    await page.getByText(/of the selection has/u).waitFor();
    await shot(page, `${name}-bubbleup`);
    const fields = (await cards.getByRole('heading').allInnerTexts())
      .map((text) => text.split('\n')[0]?.trim() ?? '')
      .filter((field) => !ASIDE.test(field))
      .slice(0, 4);
    expect(fields, `first fields of BubbleUp; the truth is ${JSON.stringify(truth)}`).toContain('http.route');
    expect(fields).toContain('app.user_handle');
    // The value that differs most stands first on its card; long ones are cut, the title has them whole.
    const top = (field: string) =>
      cards
        .filter({ has: page.getByRole('heading', { name: field }) })
        .first()
        .getByRole('button', { name: /of the selection/u })
        .first()
        .locator('[title]')
        .getAttribute('title');
    expect(await top('http.route')).toBe(truth.slow_route);
    expect(await top('app.user_handle')).toBe(truth.slow_handle);

    // A click on a slow cell opens a waterfall.
    await page.keyboard.press('Escape');
    const again = await slowBand(page);
    await page.mouse.click(again.cell.x, again.cell.y);
    await page.waitForURL(/\/trace\/[0-9a-f]{32}/u);
    const grid = page.getByRole('treegrid', { name: 'Rows of the request' });
    await grid.waitFor();
    expect(Number(await grid.getAttribute('aria-rowcount'))).toBeGreaterThan(2);
    await shot(page, `${name}-trace`);
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
}

describe('the demo after a minute', () => {
  const demos = inject('demos');

  it.each(demos.map((demo) => [demo.truth?.seed, demo] as const))(
    'names the slow route and handle among the first four fields, seed %s',
    { timeout: 150_000 },
    async (seed, demo) => {
      if (!demo.truth) throw new Error('a demo tells what is wrong with its app');
      await namesTheSlowPair(demo, demo.truth, `demo-seed-${seed}`);
    },
  );

  it.skipIf(demos.every((demo) => demo.stdout === undefined))(
    'prints one address, of its own Explore',
    () => {
      for (const demo of demos) {
        const address = new URL(addressOf(demo));
        expect(address.origin).toBe(demo.url);
        expect(address.pathname).toBe(`/e/${demo.environment}/explore`);
      }
    },
  );

  it.skipIf(demos.length < 2)('has another slow pair with another seed', () => {
    const pairs = demos.map(({ truth }) => `${truth?.slow_route} ${truth?.slow_handle}`);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it.skipIf(demos.length === 0).each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 1024, 900],
    ['dark', 390, 844],
  ] as const)('Explore is accessible and fits, %s %i', { timeout: 150_000 }, async (theme, width, height) => {
    const [target] = demos;
    if (!target) throw new Error('there is no demo');
    const own = await visit(browser, { theme, width, height });
    try {
      await openExplore(own.page, target);
      await slowBand(own.page);
      expect(await violations(own.page)).toEqual([]);
      expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shot(own.page, `explore-${theme}-${width}`);
      for (const tab of ['BubbleUp', 'Traces', 'Events']) {
        await own.page.getByRole('tab', { name: tab }).click();
        await own.page
          .getByRole('tabpanel')
          .getByRole('button')
          .or(own.page.getByRole('tabpanel').getByRole('link'))
          .first()
          .waitFor();
        expect(await violations(own.page), tab).toEqual([]);
      }
      expect(own.problems).toEqual([]);
    } finally {
      await own.close();
    }
  });
});
