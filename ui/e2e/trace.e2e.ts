// The page of one trace: rows, panel, filter, keys, address, and 10,000 spans.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  homeTrace,
  largeTrace,
  launch,
  send,
  shot,
  spanId,
  traceId,
  type Visit,
  violations,
  visit,
} from './support/index.ts';

const target = inject('target');
const home = homeTrace();
let browser: Browser;
let here: Visit;
let page: Page;

const at = (trace: string, search = '') => `${target.url}/e/${target.environment}/trace/${trace}${search}`;
const grid = () => page.getByRole('treegrid', { name: 'Rows of the request' });
const row = (name: string) => grid().getByRole('row').filter({ hasText: name });
const panel = () => page.getByRole('complementary', { name: 'Selected row' });

beforeAll(async () => {
  browser = await launch();
  await send(target, home.trace, home.spans);
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

describe('a trace', () => {
  it('shows head, rows, missing parent, clock badge and the fields of a row', async () => {
    await page.goto(at(home.trace));
    await row('home-activities-mock-data').waitFor();
    const main = page.getByRole('main');
    for (const text of ['/api/activities/home', '500', '4 services', '6 spans', '1 missing', '2 failed']) {
      await main
        .getByText(text, { exact: true })
        .or(main.locator('span', { hasText: text }))
        .first()
        .waitFor();
    }
    expect(await grid().getAttribute('aria-rowcount')).toBe('8');
    await row('missing parent')
      .getByText(/inferred/u)
      .first()
      .waitFor();
    await row('late child')
      .getByText(/ends 22 ms after its parent/u)
      .waitFor();
    await row('home-activities-mock-data').click();
    await panel().getByRole('button', { name: '3', exact: true }).waitFor();
    await panel().getByText('app.result_length').waitFor();
    await panel()
      .getByRole('tab', { name: /^Events/u })
      .click();
    await panel().getByText('view returned None').first().waitFor();
    await panel()
      .getByRole('tab', { name: /^Links/u })
      .click();
    await panel()
      .getByRole('link', { name: /^trace [0-9a-f]{32}/u })
      .waitFor();
    await panel().getByRole('tab', { name: 'Raw' }).click();
    await panel().getByText('"app.result_length": 3').waitFor();
    await row('missing parent').click();
    await panel()
      .getByText(/no such span has arrived/u)
      .waitFor();
  });

  it('asks about a value', async () => {
    await page.goto(at(home.trace, `?span=${home.ids.home}`));
    await panel().getByRole('button', { name: 'andrewbrown' }).click();
    await page.getByRole('menuitem', { name: /^Filter/u }).click();
    await page.waitForURL(/\/explore\?.*app\.handle/u);
  });

  it('is walked by keys alone', async () => {
    await page.goto(at(home.trace));
    await row('GET /api/activities/home').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await panel().getByRole('heading', { name: 'home-activities-mock-data' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('row');
    await page.keyboard.press('ArrowLeft');
    await row('Query cruddur-messages').waitFor({ state: 'detached' });
    expect(await row('home-activities-mock-data').getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('ArrowRight');
    await row('Query cruddur-messages').waitFor();
    await page.keyboard.press('f');
    await row('auth.verify_token').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await row('auth.verify_token').waitFor();
    await page.keyboard.press('k');
    await page.keyboard.press(']');
    await panel().getByRole('heading', { name: 'Query cruddur-messages' }).waitFor();
    await page.keyboard.press('c');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(home.ids.query);
    await page.keyboard.press('Escape');
    await panel().waitFor({ state: 'detached' });
  });

  it('filters and hides, and keeps it in the address', async () => {
    await page.goto(at(home.trace));
    await row('auth.verify_token').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('service:dynamodb');
    await page.getByText('2 of 7 rows match').waitFor();
    await page.getByRole('button', { name: 'Hide others' }).click();
    await row('auth.verify_token').waitFor({ state: 'detached' });
    await row('home-activities-mock-data').waitFor();
    await page.waitForURL(/f=service:dynamodb/u);
    await page.waitForURL(/others=hide/u);
    await page.reload();
    await row('Query cruddur-messages').waitFor();
    expect(await row('auth.verify_token').count()).toBe(0);
    await page.getByRole('textbox', { name: 'Filter rows' }).fill('duration > soon');
    await page.getByText(/a duration is compared like/u).waitFor();
  });

  it('draws a call whose clock differs where it ran, once asked to, and keeps it in the address', async () => {
    const [trace, root, call] = [traceId(), spanId(), spanId()];
    // The clock of the other service is 30 ms behind.
    await send(target, trace, [
      { id: root, name: 'GET /skewed', service: 'e2e-backend', start: 0, length: 100 },
      {
        id: call,
        parent: root,
        name: 'charge the card',
        service: 'e2e-payments',
        start: -10,
        length: 40,
        attributes: { 'app.card': 'visa' },
      },
      { id: spanId(), parent: call, name: 'ask the bank', service: 'e2e-payments', start: 0, length: 20 },
    ]);
    await page.goto(at(trace));
    // Times are counted from the first start of all.
    await row('GET /skewed').getByText('starts +10 ms, lasts 100 ms').waitFor({ state: 'attached' });
    await row('ask the bank').getByText('starts +10 ms, lasts 20 ms').waitFor({ state: 'attached' });
    await row('charge the card')
      .getByText(/starts 10 ms before its parent/u)
      .waitFor({ state: 'attached' });
    await page.getByRole('checkbox', { name: 'Clock fix' }).check();
    await page.waitForURL(/clocks=1/u);
    await page.reload();
    await row('GET /skewed').getByText('starts +0 ms, lasts 100 ms').waitFor({ state: 'attached' });
    await row('charge the card').getByText('starts +0 ms, lasts 40 ms').waitFor({ state: 'attached' });
    await row('ask the bank').getByText('starts +10 ms, lasts 20 ms').waitFor({ state: 'attached' });
    await row('charge the card').click();
    await panel().getByText('drawn 10 ms later than it says: the clocks of the two differ').waitFor();
    // A moved row is asked for by its own time.
    await panel().getByText('app.card').waitFor();
    expect(await violations(page)).toEqual([]);
    await shot(page, 'trace-clocks');
    await page.getByRole('checkbox', { name: 'Clock fix' }).uncheck();
    await page.waitForURL((url) => !url.searchParams.has('clocks'));
    const inside = traceId();
    await send(target, inside, [
      { id: root, name: 'GET /straight', service: 'e2e-backend', start: 0, length: 100 },
      { id: call, parent: root, name: 'charge the card', service: 'e2e-payments', start: 10, length: 40 },
    ]);
    await page.goto(at(inside));
    await row('charge the card').waitFor();
    await page.getByRole('checkbox', { name: 'Clock fix', disabled: true }).waitFor();
  });

  it('draws what the end waited for, by p, and keeps it in the address', async () => {
    await page.goto(at(home.trace));
    await row('auth.verify_token').waitFor();
    await page.keyboard.press('p');
    await page.waitForURL(/cp=1/u);
    await page.reload();
    const on = (text: string) => row(text).getByText(/of it on the critical path/u);
    // By hand: 0 to 4.5, 40.5 to 44 and 198 to 212 of the root; the query ended 86 ms before the end of its parent, which
    // worked 6 ms before it. “late child” outlives its parent: nobody waited for it.
    for (const [name, words] of [
      ['GET /api/activities/home', '22 ms of it'],
      ['auth.verify_token', '36 ms of it'],
      ['home-activities-mock-data', '92 ms of it'],
      ['Query cruddur-messages', '62 ms of it'],
    ] as const) {
      expect(await on(name).textContent()).toContain(words);
    }
    expect(await on('late child').count()).toBe(0);
    await page.getByText('foot line: critical path').waitFor();
    expect(await violations(page)).toEqual([]);
    await shot(page, 'trace-critical');
    await page.getByRole('checkbox', { name: 'Critical path' }).uncheck();
    await page.waitForURL((url) => !url.searchParams.has('cp'));
    expect(await on('auth.verify_token').count()).toBe(0);
  });

  it('keeps selection and tab through reload and Back', async () => {
    await page.goto(at(home.trace));
    await row('auth.verify_token').click();
    await page.waitForURL(/span=[0-9a-f]{16}/u);
    await page.getByRole('button', { name: 'Table' }).click();
    await page.waitForURL(/tab=table/u);
    await page
      .getByRole('columnheader', { name: /^Duration/u })
      .getByRole('button')
      .click();
    await page.waitForURL(/sort=duration/u);
    await page.reload();
    await panel().getByRole('heading', { name: 'auth.verify_token' }).waitFor();
    await page.goBack();
    await grid().waitFor();
    await panel().getByRole('heading', { name: 'auth.verify_token' }).waitFor();
    await page.getByRole('button', { name: 'JSON', exact: true }).click();
    await page.getByText(`"trace_id": "${home.trace}"`).waitFor();
  });

  it('zooms by drag and by keys', async () => {
    await page.goto(at(home.trace));
    const start = page.getByRole('slider', { name: 'Start of the time shown' });
    await start.focus();
    await page.keyboard.press('Shift+ArrowRight');
    await page.waitForURL(/w=\d+-\d+/u);
    expect(await start.getAttribute('aria-valuetext')).toMatch(/ms$/u);
    const map = await page.getByRole('img', { name: /^Overview/u }).boundingBox();
    if (!map) throw new Error('no overview');
    await page.getByRole('button', { name: 'Whole time' }).click();
    await page.mouse.move(map.x + map.width * 0.5, map.y + 40);
    await page.mouse.down();
    await page.mouse.move(map.x + map.width * 0.75, map.y + 40, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/w=\d+-\d+/u);
  });

  it('says when there is no such trace', async () => {
    await page.goto(at('0123456789abcdef0123456789abcdef'));
    await page.getByRole('heading', { name: 'No span of this trace is here' }).waitFor();
  });

  it.each(['light', 'dark'] as const)('is accessible, %s', async (theme) => {
    const own = await visit(browser, { theme });
    try {
      await own.page.goto(at(home.trace, `?span=${home.ids.home}&f=duration+>+2+%25`));
      await own.page.getByText('app.result_length').waitFor();
      expect(await violations(own.page)).toEqual([]);
      await own.page.getByRole('button', { name: 'Table' }).click();
      await own.page.getByRole('table').waitFor();
      expect(await violations(own.page)).toEqual([]);
    } finally {
      await own.close();
    }
  });

  it.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 1024, 900],
    ['dark', 390, 844],
    ['light', 390, 844],
  ] as const)('fits %s %i', async (theme, width, height) => {
    const own = await visit(browser, { theme, width, height });
    try {
      await own.page.goto(at(home.trace, `?span=${home.ids.home}`));
      await own.page.getByText('app.result_length').waitFor();
      expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shot(own.page, `trace-${theme}-${width}`);
    } finally {
      await own.close();
    }
  });
});

describe('10,000 spans', () => {
  it('stand soon and scroll smoothly', { timeout: 120_000 }, async () => {
    const { trace, spans } = largeTrace(10_000);
    await send(target, trace, spans, 60_000);
    await page.goto(`${target.url}/e/${target.environment}/arrivals`);
    await page.getByRole('main').waitFor();
    const began = Date.now();
    await page.goto(at(trace));
    await row('GET /large').waitFor();
    const rowsMs = Date.now() - began;
    expect(await grid().getAttribute('aria-rowcount')).toBe('10001');
    // Rows out of view are not there at all.
    expect(await grid().getByRole('row').count()).toBeLessThan(150);
    const frames = await grid().evaluate(async (element) => {
      const times: number[] = [];
      let last = performance.now();
      for (let i = 0; i < 120; i += 1) {
        element.scrollTop += 240;
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - last);
        last = performance.now();
      }
      times.sort((a, b) => a - b);
      return { median: times[60] ?? 0, p95: times[114] ?? 0, longest: times[119] ?? 0 };
    });
    console.log(`10,000 spans: first rows ${rowsMs} ms after the click, frames ${JSON.stringify(frames)}`);
    // The budgets are 600 ms and 32 ms a frame; times are reported, as a busy machine misses them too. What fails
    // is a page that stands still.
    expect(rowsMs).toBeLessThan(10_000);
    expect(frames.median).toBeLessThan(250);
    await page.keyboard.press('End');
    await page.keyboard.press(']');
    await panel().waitFor();
    await shot(page, 'trace-10000');
  });
});
