// One request of an app that is instrumented four times over: spans, segments, lines and an error on one page, from
// whichever of them it is opened; why each is there; what may be of it; hostile text.

import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  HOSTILE,
  launch,
  type Story,
  sendStory,
  sendTwins,
  shot,
  type Visit,
  violations,
  visit,
} from './support/index.ts';

const target = inject('target');
const run = randomBytes(3).toString('hex');
let story: Story;
let hostile: Story;
let twins: { trace: string };
let browser: Browser;
let here: Visit;
let page: Page;

const at = (path: string) => `${target.url}/e/${target.environment}/${path}`;
const grid = () => page.getByRole('treegrid', { name: 'Rows of the request' });
const row = (name: string) => grid().getByRole('row').filter({ hasText: name });
const panel = () => page.getByRole('complementary', { name: 'Selected row' });
const asking = (of: Page) => of.getByText('asking the other sources…', { exact: true });
const same = () => page.getByRole('region', { name: 'Same request' });
const joined = () => same().getByRole('listitem');

/** Names of the rows with their depth, as the tree tells it. */
const outline = () =>
  grid()
    .getByRole('row')
    .evaluateAll((rows) =>
      rows
        .filter((one) => one.hasAttribute('aria-level'))
        .map((one) => {
          const tag = one.querySelector('.tag')?.textContent ?? '';
          const name = one.querySelector('[title]')?.textContent ?? '';
          return `${'  '.repeat(Number(one.getAttribute('aria-level')) - 1)}${tag} ${name}`;
        }),
    );

beforeAll(async () => {
  browser = await launch();
  story = await sendStory(target, { run: `a${run}`, service: `e2e-story-${run}` });
  hostile = await sendStory(target, {
    run: `b${run}`,
    service: `e2e-bad-${run} ${HOSTILE[1]}`,
    text: ` ${HOSTILE[0]} ${HOSTILE[1]} ${HOSTILE[2]} ${HOSTILE[4]}`,
  });
  twins = await sendTwins(target, run);
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

describe('a request from its trace', () => {
  it('has the rows of all four sources, each in its place', async () => {
    await page.goto(at(`trace/${story.trace}`));
    await joined().nth(4).waitFor();
    expect(await outline()).toEqual([
      `OT GET ${story.path}`,
      `  XR e2e-story-${run}`,
      '    XR activities_home',
      '    XR DynamoDB Query',
      '    XR notify',
      '  OT auth.verify_token',
      '    OT GET /verify',
      '  OT home-activities-mock-data',
      '    LOG INFO Test log',
      '    OT Query cruddur-messages',
      expect.stringMatching(/^ {4}LOG DEBUG cache miss request_id=/u),
      `    LOG WARN throttled, retry in 10 ms trace_id=${story.trace}`,
      '    OT Query cruddur-messages',
      '    OT http-home-activities',
      '  OT app.finalize_response',
      `  LOG ERROR 172.18.0.1 GET http ${story.path} 500`,
      `  ERR ${story.item}`,
      expect.stringMatching(/^ {2}\? missing parent/u),
      '    OT POST /notifications',
    ]);
    const facts = page.getByRole('main');
    for (const fact of ['9 spans', '4 segments', '4 lines', '1 error', '1 missing', '212 ms', '500']) {
      await facts
        .getByText(fact, { exact: true })
        .or(facts.locator('span', { hasText: fact }))
        .first()
        .waitFor();
    }
    await shot(page, 'request-merged');
  });

  it('says why each is there', async () => {
    await page.goto(at(`trace/${story.trace}`));
    await joined().nth(4).waitFor();
    const why = (await joined().allTextContents()).map((text) => text.replaceAll(/\s+/gu, ' '));
    expect(why.find((text) => text.startsWith('XR'))).toMatch(
      /, 3 subsegments.*no shared id.*GET.*0\.\d\d$/u,
    );
    expect(why.find((text) => text.startsWith('ERR'))).toMatch(/no shared id; as the /u);
    const lines = why.filter((text) => text.startsWith('LOG'));
    expect(
      lines.some((text) => /the same trace id .* as the span/u.test(text) && text.endsWith('1.00')),
    ).toBe(true);
    expect(lines.some((text) => /both hold the request id .*1\.00$/u.test(text))).toBe(true);
    expect(lines.some((text) => text.includes('no shared id'))).toBe(true);
    await row(`GET http ${story.path} 500`).click();
    await panel()
      .getByText(/assigned, \d+ % sure/u)
      .waitFor();
    await panel()
      .getByText(/It names no span: it stands where its time is/u)
      .waitFor();
    // From the list to the row, and to the page of its own source.
    await joined().filter({ hasText: story.item }).getByRole('button').click();
    await panel().getByRole('heading', { name: story.item }).waitFor();
    await panel().getByRole('link', { name: 'Open its item in Errors' }).click();
    await page.getByRole('heading', { level: 2, name: story.item }).waitFor();
  });

  it('tells what was throttled and what had not ended', async () => {
    await page.goto(at(`trace/${story.trace}`));
    await row('notify').getByText('in progress when it arrived').first().waitFor();
    await row('DynamoDB Query').getByText('429 throttled').waitFor();
    await row('Query cruddur-messages').first().getByText('429 throttled').waitFor();
    await row('notify').click();
    await panel().getByText('not ended').waitFor();
    await panel().getByText('aws.xray.namespace').waitFor({ state: 'detached' });
    await panel()
      .getByRole('link', { name: /^Open its trace/u })
      .click();
    await page.waitForURL(new RegExp(`/trace/${story.xray}`, 'u'));
    await panel().getByRole('heading', { name: 'notify' }).waitFor();
  });

  it('lists all lines by time, with what they say', async () => {
    await page.goto(at(`trace/${story.trace}?tab=logs`));
    const lines = page.getByRole('region', { name: 'Lines of the request' });
    const third = lines.getByRole('row').nth(3);
    await third.waitFor();
    const cells = (await lines.getByRole('row').allTextContents()).slice(1);
    expect(cells.map((text) => /"Test log"|cache miss|throttled|GET http/u.exec(text)?.[0])).toEqual([
      '"Test log"',
      'cache miss',
      'throttled',
      'GET http',
    ]);
    await third.getByRole('button').click();
    await page.waitForURL(/span=e-[0-9a-f]{32}/u);
    await panel().getByText('aws.log.group.name').waitFor();
    await panel()
      .getByRole('link', { name: /^Open in Logs/u })
      .click();
    await page.waitForURL(/\/logs\?.*line=/u);
    await page.getByRole('button', { name: 'Context ±20' }).waitFor();
  });

  it('stands at once, and stays where it is when the other sources answer', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/foursight/v1/request?*', async (route) => {
      await held;
      await route.continue();
    });
    // So low that it has to scroll.
    await page.setViewportSize({ width: 1440, height: 560 });
    await page.goto(at(`trace/${story.trace}?span=${story.ids.home}`));
    await row('app.finalize_response').waitFor();
    await asking(page).waitFor();
    await same().getByText('Asking the other sources…').waitFor();
    expect(await row('XR').count()).toBe(0);
    // Folded before they come, what is below stays folded.
    await row('auth.verify_token').getByRole('button', { name: /^Fold/u }).click();
    await row('GET /verify').waitFor({ state: 'detached' });
    await row('home-activities-mock-data').click();
    const figures = async () => [
      // The row that is read stays in its place of the screen, though four segments came above it.
      await row('home-activities-mock-data').boundingBox(),
      await row('finalize').locator('[role=gridcell]').nth(1).textContent(),
    ];
    const before = await figures();
    answer();
    await joined().nth(4).waitFor();
    expect(await figures()).toEqual(before);
    expect(await row('auth.verify_token').getAttribute('aria-expanded')).toBe('false');
    await panel().getByRole('heading', { name: 'home-activities-mock-data' }).waitFor();
    await asking(page).waitFor({ state: 'detached' });
  });

  it('says when the other sources do not answer, and asks again', async () => {
    let fail = true;
    await page.route('**/foursight/v1/request?*', (route) =>
      fail ? route.fulfill({ status: 400, json: { title: 'the query took too long' } }) : route.continue(),
    );
    await page.goto(at(`trace/${story.trace}`));
    await row('app.finalize_response').waitFor();
    const failed = same().getByRole('alert').filter({ hasText: 'The other sources did not answer' });
    await failed.waitFor();
    fail = false;
    await failed.getByRole('button', { name: /again|retry/iu }).click();
    await joined().nth(4).waitFor();
  });
});

describe('a request from another row of it', () => {
  it('opens from a line without any id, at that line', async () => {
    await page.goto(at(`logs?group=${story.group}&filter=${encodeURIComponent('GET http')}`));
    await page
      .getByRole('button', { name: /^Open the line/u })
      .first()
      .click();
    await page.getByRole('link', { name: 'Same request' }).click();
    await page.waitForURL(/\/request\?.*event=[0-9a-f]{32}/u);
    await row('home-activities-mock-data').waitFor();
    await row('DynamoDB Query').waitFor();
    await panel()
      .getByRole('heading', { name: /GET http/u })
      .waitFor();
    expect(await row(`GET http ${story.path}`).getAttribute('aria-selected')).toBe('true');
    expect(await row(`GET http ${story.path}`).getAttribute('aria-level')).toBe('2');
    await shot(page, 'request-of-line');
    await page.reload();
    await row('home-activities-mock-data').click();
    await panel().getByText('app.result_length').waitFor();
    await page.goBack();
    await page.waitForURL(/\/logs/u);
  });

  it('opens from a line that has its trace id at the trace', async () => {
    await page.goto(at(`logs?group=${story.group}&filter=throttled`));
    await page
      .getByRole('button', { name: /^Open the line/u })
      .first()
      .click();
    await page.getByRole('link', { name: 'Same request' }).click();
    await page.waitForURL(new RegExp(`/trace/${story.trace}\\?.*span=e-`, 'u'));
    await panel()
      .getByRole('heading', { name: /^WARN throttled/u })
      .waitFor();
    await page.goBack();
    await page.waitForURL(/\/logs/u);
  });

  it('opens from an occurrence', async () => {
    await page.goto(at(`errors?q=Typea${run}Error`));
    await page.getByRole('link', { name: new RegExp(`^Typea${run}Error`, 'u') }).click();
    await page.getByRole('link', { name: 'Same request' }).click();
    await row('home-activities-mock-data').waitFor();
    expect(await row(story.item).first().getAttribute('aria-selected')).toBe('true');
  });

  it('opens from a segment, with the spans beside it', async () => {
    await page.goto(at(`request?trace=${story.xray}`));
    await page.waitForURL(new RegExp(`/trace/${story.xray}`, 'u'));
    await row('home-activities-mock-data').waitFor();
    await row('activities_home').first().waitFor();
    await joined().first().waitFor();
  });

  it('says when there is no such row', async () => {
    await page.goto(at(`request?event=${'0'.repeat(31)}1&at=1760000000000000000`));
    await page.getByRole('heading', { name: 'This row is not here' }).waitFor();
    await page.goto(at('request'));
    await page.getByRole('heading', { name: 'Which request?' }).waitFor();
  });
});

it('what may be of a request stands below it, with how sure that is', async () => {
  await page.goto(at(`trace/${twins.trace}`));
  await grid()
    .getByText(/^Not joined: these lie near it, but are less than 80 % sure/u)
    .waitFor();
  const near = row(`GET http /same/${run}`);
  await near.getByText(/^\d+ % sure$/u).waitFor();
  expect(await near.getAttribute('aria-level')).toBe('1');
  await page.keyboard.press('End');
  await near.click();
  await panel()
    .getByText(/^not joined, \d+ % sure$/u)
    .waitFor();
  await same().getByText('No other source has rows of this request.').waitFor();
  await panel().getByText('aws.log.group.name').waitFor();
  await shot(page, 'request-unattached');
});

it('hostile text of all four sources is shown as text', async () => {
  await page.goto(at(`trace/${hostile.trace}`));
  await joined().nth(4).waitFor();
  for (const text of ['activities_home', 'GET http', 'WARN throttled', hostile.item.slice(0, 20)]) {
    await row(text).first().click();
    await panel().getByText('meta.source').waitFor();
    await panel().getByRole('tab', { name: 'Raw' }).click();
    await panel().getByText('onerror').first().waitFor();
    await panel()
      .getByRole('tab', { name: /^Fields/u })
      .click();
  }
  await shot(page, 'hostile-request');
  await page.goto(at(`trace/${hostile.trace}?tab=logs`));
  await page.getByRole('region', { name: 'Lines of the request' }).getByText(HOSTILE[0]).first().waitFor();
  // Long enough for an image that cannot load to have failed.
  await page.waitForTimeout(400);
  expect(await page.locator('main script, main img, main svg[onload], a[href^="javascript"]').count()).toBe(
    0,
  );
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['merged', 'logs', 'unattached', 'line'])('“%s” is accessible and fits', async (what) => {
    for (const width of [1440, 1024, 390]) {
      const own = await visit(browser, { theme, width, height: 900 });
      try {
        await own.page.goto(
          what === 'unattached'
            ? at(`trace/${twins.trace}`)
            : at(`trace/${story.trace}?span=${story.ids.home}${what === 'logs' ? '&tab=logs' : ''}`),
        );
        const list = own.page.getByRole('region', { name: 'Same request' }).getByRole('listitem');
        await list.first().waitFor();
        await asking(own.page).waitFor({ state: 'detached' });
        if (what === 'line') await list.filter({ hasText: 'GET http' }).getByRole('button').click();
        await own.page.getByText('meta.source').waitFor();
        expect(await violations(own.page)).toEqual([]);
        expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          width,
        );
        await shot(own.page, `request-${what}-${theme}-${width}`);
      } finally {
        await own.close();
      }
    }
  });
});
