// Ctrl K: every place by its name, and whatever id a tool shows; what people wrote into names stays text.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { launch, type Story, sendStory, shot, type Visit, violations, visit } from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const run = randomBytes(3).toString('hex');
const SERVICE = `e2e-palette-${run}`;
const HOSTILE = ' "><img src=x onerror=pwned("palette")>';
const base = `${target.url}/e/${target.environment}`;
let browser: Browser;
let story: Story;
let here: Visit;
let page: Page;

const box = () => page.getByRole('combobox', { name: 'Go to, or paste an id' });
const offered = () => page.getByRole('listbox', { name: 'Where to go' }).getByRole('option');

async function ask(text: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await box().fill(text);
}

/** Pastes, takes the first offer of that name, and tells where it leads. */
async function goes(text: string, offer: RegExp): Promise<string> {
  await page.goto(`${base}/arrivals`);
  await page.getByRole('heading', { name: 'Arrivals', level: 1 }).waitFor();
  await ask(text);
  await page.getByText('Looking…').waitFor({ state: 'detached' });
  await offered().filter({ hasText: offer }).first().waitFor();
  const selected = page.locator('[role=option][aria-selected=true]');
  for (let i = 0; i < 12 && !offer.test((await selected.textContent()) ?? ''); i += 1) {
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => !url.pathname.endsWith('/arrivals'));
  await box().waitFor({ state: 'detached' });
  const url = new URL(page.url());
  return decodeURIComponent(url.pathname.replace(`/e/${target.environment}/`, '') + url.search);
}

beforeAll(async () => {
  browser = await launch();
  story = await sendStory(target, { run, service: SERVICE, text: HOSTILE });
});
afterAll(async () => {
  await browser?.close();
});

describe('the palette', () => {
  beforeEach(async () => {
    here = await visit(browser);
    page = here.page;
    return async () => {
      const { problems } = here;
      await here.close();
      expect(problems).toEqual([]);
    };
  });

  it('goes to each kind of place by its name', async () => {
    expect(await goes('settings: k', /^Settings: keys/u)).toBe('settings/keys');
    expect(await goes(SERVICE, /its events$/u)).toMatch(
      new RegExp(`^explore\\?w="?service.name="?${SERVICE}`, 'u'),
    );
    expect(await goes(SERVICE, /service$/u)).toMatch(new RegExp(`^explore\\?ds=${SERVICE}`, 'u'));
    expect(await goes(story.group, /lines$/u)).toBe(`logs?group=${story.group}`);
    expect(await goes(`Type${run}Error`, /^#\d+ /u)).toMatch(/^errors\/[^/]+\/\d+$/u);
    await page.getByText(story.item).first().waitFor();
  });

  it('takes an id in each form', async () => {
    const xray = `1-${story.xray.slice(0, 8)}-${story.xray.slice(8)}`;
    expect(await goes(story.trace, /^Trace /u)).toBe(`trace/${story.trace}`);
    expect(await goes(xray, /^Trace /u)).toBe(`trace/${story.xray}`);
    const header = `00-${story.trace}-${story.ids.home}-01`;
    expect(await goes(header, /^Trace /u)).toBe(`trace/${story.trace}?span=${story.ids.home}`);
    expect(await goes(story.ids.home, /^Span /u)).toBe(`trace/${story.trace}?span=${story.ids.home}`);
    await page.getByText('home-activities-mock-data').first().waitFor();
    expect(await goes('#1', /^#1 of /u)).toMatch(/^errors\/[^/]+\/1$/u);
    // A bare number may be one too.
    expect(await goes('1', /^#1 of /u)).toMatch(/^errors\/[^/]+\/1$/u);
    const arn = `arn:aws:logs:us-east-1:000000000000:log-group:${story.group}:*`;
    expect(await goes(arn, /log group$/u)).toBe(`logs?group=${story.group}`);
  });

  it('takes a name and Enter at once, before anything was found', async () => {
    await page.goto(`${base}/arrivals`);
    await page.getByRole('heading', { name: 'Arrivals', level: 1 }).waitFor();
    let asked = 0;
    await page.route('**/values?*', async (route) => {
      asked += 1;
      await sleep(400);
      await route.continue();
    });
    await page.keyboard.press('Control+k');
    await box().fill(SERVICE);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/explore\?/u);
    expect(new URL(page.url()).searchParams.get('w')).toContain(SERVICE);
    expect(asked).toBeGreaterThan(0);
  });

  it('says when there is nothing, leaves by Escape and gives the focus back', async () => {
    await page.goto(`${base}/arrivals`);
    const opener = page.getByRole('button', { name: 'Go to, or paste an id' });
    await opener.click();
    await box().fill('ffffffffffffffff');
    await page.getByText('Nothing here has that name or id').waitFor();
    await page.keyboard.press('Enter');
    expect(await box().inputValue()).toBe('ffffffffffffffff');
    await page.keyboard.press('Escape');
    await box().waitFor({ state: 'detached' });
    expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true);
  });
});

describe.each(['light', 'dark'] as const)('in %s', (theme) => {
  it.each([1440, 390, 320])('at %i px', async (width) => {
    const { page: own, problems, close } = await visit(browser, { theme, width });
    page = own;
    await page.goto(`${base}/arrivals`);
    await page.getByRole('heading', { name: 'Arrivals', level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await offered().filter({ hasText: 'Explore' }).first().waitFor();
    await shot(page, `palette-${theme}-${width}`);
    await box().fill(run);
    await offered().filter({ hasText: HOSTILE.trim() }).first().waitFor();
    await offered().filter({ hasText: SERVICE }).first().waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await beyond(page)).toEqual([]);
    await shot(page, `palette-hostile-${theme}-${width}`);
    await close();
    expect(problems).toEqual([]);
  });
});
