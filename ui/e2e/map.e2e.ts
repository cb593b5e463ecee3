// The service map of two services, and sampling rules and groups made through the pages.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  exportOf,
  launch,
  post,
  type SentSpan,
  shot,
  spanId,
  traceId,
  type Visit,
  violations,
  visit,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;

// Names of their own: other tests send to the same environment.
const WEB = 'e2e-map-web';
const API = 'e2e-map-api';
const GROUP = 'e2e-map-url';
const RULE = 'e2e-map-rule';

const at = (path: string) => `${target.url}/e/${target.environment}${path}`;

/** A request through both services; `status` is what the second answers. */
function request(status: number): SentSpan[] {
  const [root, call, inner] = [spanId(), spanId(), spanId()];
  const answer = { 'http.request.method': 'GET', 'http.response.status_code': status };
  const failed = status >= 500;
  return [
    { id: root, name: 'GET /home', service: WEB, start: 0, length: 80, failed, attributes: answer },
    { id: call, parent: root, name: 'GET', service: WEB, start: 10, length: 60, failed, attributes: answer },
    {
      id: inner,
      parent: call,
      name: 'GET /api/home',
      service: API,
      start: 15,
      length: 40,
      failed,
      attributes: answer,
    },
  ];
}

beforeAll(async () => {
  browser = await launch();
  for (const status of [200, 200, 200, 200, 404, 429, 500]) {
    const body = exportOf(traceId(), request(status), BigInt(Date.now() - 10_000) * 1_000_000n);
    const sent = await post(`${target.otlp}/v1/traces`, body, target.key);
    expect(sent.status).toBe(200);
  }
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

describe('map', () => {
  it('draws services with their calls, opens one by key, and leads on to its traces', async () => {
    await page.goto(at('/map'));
    const api = page.getByRole('button', { name: new RegExp(`^${API} \\d`, 'u') });
    await api.waitFor();
    await page.getByRole('button', { name: new RegExp(`^${WEB} \\d`, 'u') }).waitFor();
    await api.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`sel=${API}`, 'u'));
    const panel = page.getByRole('complementary', { name: `Node ${API}` });
    await panel.getByRole('region', { name: 'Called by' }).getByRole('button', { name: WEB }).waitFor();
    await shot(page, 'map-selected');

    await panel.getByRole('button', { name: 'Focus here' }).click();
    await page.waitForURL(new RegExp(`focus=${API}`, 'u'));
    await page.getByRole('button', { name: '1 hop', exact: true }).click();
    await page.waitForURL(/hops=1/u);
    // Reload keeps the picture.
    await page.reload();
    await panel.waitFor();
    await page.getByRole('button', { name: '1 hop', pressed: true }).waitFor();

    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    // Back is before the hops were chosen, when the panel was open.
    await page.goBack();
    await panel.waitFor();
    await panel.getByRole('link', { name: 'Traces', exact: true }).click();
    await page.waitForURL(/explore\?.*g=trace\.trace_id/u);
    // It is only called, so none of them begins in it.
    await page.getByText('TOTAL of 7 groups').waitFor();
  });

  it('takes a part of the durations, typed or drawn, and leads to its traces and to BubbleUp', async () => {
    await page.goto(at(`/map?sel=${API}`));
    const latency = page.getByRole('region', { name: 'Latency' });
    // Seven requests were sent, each with one span of 40 ms here.
    await latency.getByText('7 rows with a duration').waitFor();
    await latency.getByLabel('From, ms').fill('50');
    await latency.getByLabel('To, ms').fill('40');
    expect(await latency.getByRole('button', { name: 'Select' }).isDisabled()).toBe(true);
    await latency.getByLabel('To, ms').fill('60');
    await page.keyboard.press('Enter');
    await latency.getByText('0 of 7').waitFor();
    const slowest = page.getByRole('region', { name: 'Slowest in the brush' });
    await slowest.getByText('No trace is in it.').waitFor();

    await latency.getByLabel('From, ms').fill('30');
    await page.keyboard.press('Enter');
    await page.waitForURL(/brush=30\.\.60/u);
    await latency.getByText('7 of 7').waitFor();
    expect(await slowest.getByRole('listitem').count()).toBe(5);
    expect(await slowest.getByText('40 ms', { exact: true }).count()).toBe(5);
    await page.reload();
    await latency.getByText('7 of 7').waitFor();
    await shot(page, 'map-brush');

    await latency.getByRole('button', { name: 'Clear' }).click();
    await latency.getByText('7 rows with a duration').waitFor();
    const chart = await latency.getByRole('img').boundingBox();
    if (!chart) throw new Error('the histogram has no place');
    await page.mouse.move(chart.x + chart.width - 1, chart.y + 40);
    await page.mouse.down();
    await page.mouse.move(chart.x + 1, chart.y + 40, { steps: 4 });
    await page.mouse.up();
    await latency.getByText('7 of 7').waitFor();

    await latency.getByRole('link', { name: 'BubbleUp' }).click();
    await page.waitForURL(/explore\?.*tab=bubbleup/u);
    await page.goBack();
    await slowest.getByRole('link', { name: 'GET /api/home' }).first().click();
    await page.waitForURL(/\/trace\/[0-9a-f]{32}/u);
    await page.goBack();
    await latency.getByRole('link', { name: 'Traces in the brush' }).click();
    await page.waitForURL(/explore\?.*g=trace\.trace_id/u);
    await page
      .getByRole('cell', { name: /^[0-9a-f]{32}$/u })
      .first()
      .waitFor();
  });

  it('is the same as a table that sorts', async () => {
    await page.goto(at('/map?view=table'));
    const row = page.getByRole('row', { name: new RegExp(API, 'u') });
    await row.waitFor();
    // Seven calls: one each of 4xx, 429 and 5xx.
    expect(await row.getByRole('cell').allTextContents()).toEqual(
      expect.arrayContaining([API, '7 calls', '14 %']),
    );
    await page.getByRole('button', { name: '5xx' }).click();
    await page.waitForURL(/sort=-fault/u);
    expect(await page.getByRole('columnheader', { name: '5xx' }).getAttribute('aria-sort')).toBe(
      'descending',
    );
  });

  it('can be cancelled while it is read, shows no other map then, and is read again', async () => {
    const asked = /\/environments\/[^/]+\/map\?/u;
    const api = page.getByRole('button', { name: new RegExp(`^${API} \\d`, 'u') });
    await page.goto(at('/map'));
    await api.waitFor();
    // From now on no answer comes.
    await page.route(asked, () => undefined);
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText(/^reading calls \d+ s$/u).waitFor();
    await api.waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'The map was not read' }).waitFor();
    expect(await api.count()).toBe(0);
    await page.unroute(asked);
    await page.getByRole('button', { name: 'Read it' }).click();
    await api.waitFor();
  });

  it('is reached by keys', async () => {
    await page.goto(at('/arrivals'));
    await page.getByRole('heading', { level: 1, name: 'Arrivals' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForURL(/\/map$/u);
  });
});

describe('sampling', () => {
  it('makes a rule, tells what it catches, changes and deletes it', async () => {
    await page.goto(at('/sampling'));
    await page.getByRole('button', { name: 'New rule' }).click();
    const form = page.getByRole('form', { name: 'New rule' });
    await form.getByLabel('Name').fill(RULE);
    await form.getByLabel('Priority').fill('0');
    expect(await form.getByRole('button', { name: 'Create' }).isDisabled()).toBe(true);
    await form.getByLabel('Priority').fill('42');
    await form.getByLabel('service, ').fill('e2e-map-*');
    await form.getByLabel('path, ').fill('/api/?');
    await form.getByLabel('Reservoir').fill('5');
    await form.getByLabel('Then').fill('10');
    await form.getByRole('button', { name: 'Create' }).click();
    const row = page.getByRole('row', { name: new RegExp(RULE, 'u') });
    await row.waitFor();
    expect(await row.textContent()).toContain('5/s10 %');

    const asks = page.getByRole('region', { name: 'Which rule catches' });
    await asks.getByLabel('service').fill('E2E-map-web');
    await asks.getByLabel('path').fill('/api/7');
    await asks.getByRole('status').getByText(`${RULE}, priority 42`).waitFor();
    await asks.getByLabel('path').fill('/api/77');
    await asks.getByText('path is not /api/?').waitFor();
    await shot(page, 'sampling-asked');

    await page.getByRole('button', { name: 'As CLI JSON' }).click();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as object;
    expect(copied).toMatchObject({
      SamplingRule: { RuleName: RULE, Priority: 42, FixedRate: 0.1, ReservoirSize: 5, URLPath: '/api/?' },
    });

    await page.getByRole('button', { name: `Change ${RULE}` }).click();
    const change = page.getByRole('form', { name: `Change rule ${RULE}` });
    await change.getByLabel('Then').fill('0.5');
    await change.getByRole('button', { name: 'Save' }).click();
    await row.getByText('0.5 %').waitFor();

    await page.getByRole('button', { name: `Delete ${RULE}` }).click();
    await page.getByRole('button', { name: 'Delete the rule' }).click();
    await row.waitFor({ state: 'detached' });
  });

  it('says why a group matches nothing, and takes a name that was seen', async () => {
    await page.goto(at('/sampling'));
    await page.getByRole('button', { name: 'New group' }).click();
    const form = page.getByRole('form', { name: 'New group' });
    await form.getByLabel('Name').fill(GROUP);
    await form.getByLabel('Filter expression').fill('service("a" and');
    await form.getByRole('button', { name: 'Create' }).click();
    await form
      .getByRole('alert')
      .getByText(/column \d+/u)
      .waitFor();
    await form.getByLabel('Filter expression').fill('service("https://e2e-map.example")');
    await form.getByRole('button', { name: 'Create' }).click();

    // Other tests' groups that match nothing have names below them too: ours are in the row after its own.
    const row = page.getByRole('row', { name: new RegExp(`^${GROUP}`, 'u') });
    const why = row.locator('xpath=following-sibling::tr[1]');
    await why.getByText(/0 traces; the names seen here are .*e2e-map-api/u).waitFor();
    await shot(page, 'sampling-no-traces');
    // Others send more traces to this environment: ours may not be among the buttons, so one is taken that is.
    const use = why.getByRole('button').filter({ hasText: 'Use service(' }).first();
    const expression = (await use.textContent())?.replace(/^Use\s+/u, '') ?? '';
    await use.click();
    await row.getByText(expression, { exact: true }).waitFor();
    await why.getByText(/0 traces; the names seen here/u).waitFor({ state: 'detached' });

    await row.getByRole('link', { name: GROUP }).click();
    await page.waitForURL(new RegExp(`/map\\?group=${GROUP}`, 'u'));
    await page.getByRole('button', { name: new RegExp(`Group: ${GROUP}`, 'u') }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: `Delete ${GROUP}` }).click();
    await page.getByRole('button', { name: 'Delete the group' }).click();
    await row.waitFor({ state: 'detached' });
  });
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['/map', `/map?sel=${API}`, `/map?sel=${API}&brush=30..60`, `/map?view=table`, '/sampling'])(
    '“%s” is accessible and fits',
    async (path) => {
      for (const width of [1440, 390]) {
        const own = await visit(browser, { theme, width, height: 900 });
        try {
          await own.page.goto(at(path));
          await own.page.getByRole('heading', { level: 1 }).waitFor();
          // The picture, not its skeleton.
          const there =
            path === '/sampling'
              ? own.page.getByRole('region', { name: 'Groups' })
              : own.page.getByRole(path.includes('table') ? 'row' : 'button', { name: new RegExp(API, 'u') });
          await there.first().waitFor();
          expect(await violations(own.page)).toEqual([]);
          expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
            width,
          );
          expect(own.problems).toEqual([]);
          await shot(own.page, `${path.replace(/\W+/gu, '-').slice(1)}-${theme}-${width}`);
        } finally {
          await own.close();
        }
      }
    },
  );

  // Filled in, wrong, and what asks before something goes.
  it('the open forms of rules and groups are accessible and fit', async () => {
    for (const width of [1440, 390]) {
      const own = await visit(browser, { theme, width, height: 900 });
      const look = async (what: string) => {
        // As high as the page: a control cut by the edge of what scrolls counts as too small a target.
        await own.page.setViewportSize({ width, height: 2_400 });
        expect(await violations(own.page), what).toEqual([]);
        await shot(own.page, `sampling-${what}-${theme}-${width}`);
        await own.page.setViewportSize({ width, height: 900 });
        expect(await beyond(own.page), what).toEqual([]);
      };
      try {
        await own.page.goto(at('/sampling'));
        await own.page.getByRole('button', { name: 'New rule' }).click();
        const rule = own.page.getByRole('form', { name: 'New rule' });
        await rule.getByLabel('Name').fill(`axe-${theme}-${width}`);
        await look('rule');
        await rule.getByLabel('Priority').fill('0');
        await rule.getByLabel('Then').fill('x');
        await look('rule-wrong');
        await rule.getByLabel('Priority').fill('9000');
        await rule.getByLabel('Then').fill('10');
        await rule.getByRole('button', { name: 'Create' }).click();
        await own.page.getByRole('button', { name: `Delete axe-${theme}-${width}` }).click();
        const sure = own.page.getByRole('button', { name: 'Delete the rule' });
        await sure.waitFor();
        await look('rule-delete');
        await sure.click();
        await sure.waitFor({ state: 'detached' });
        await own.page.getByRole('button', { name: 'Change Default' }).click();
        await own.page.getByRole('form', { name: 'Change rule Default' }).waitFor();
        await look('rule-default');

        await own.page.getByRole('button', { name: 'New group' }).click();
        const group = own.page.getByRole('form', { name: 'New group' });
        await group.getByLabel('Name').fill('axe');
        await group.getByLabel('Filter expression').fill('service("a" and');
        await look('group');
        await group.getByRole('button', { name: 'Create' }).click();
        await group.getByRole('alert').waitFor();
        await look('group-wrong');
        expect(own.problems).toEqual([]);
      } finally {
        await own.close();
      }
    }
  });
});
