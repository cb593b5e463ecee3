// Errors: items listed, found, walked by keys, changed together; one item's occurrences, stack and way to its
// request; a project that waits, and why; hostile text.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  HOSTILE,
  launch,
  postItem,
  type SentItem,
  type Story,
  sendStory,
  shot,
  type Visit,
  violations,
  visit,
} from './support/index.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;
let story: Story;

const at = (path: string) => `${target.url}/e/${target.environment}${path}`;
const DATASET = 'rollbar-dev';
// What is grouped by class and frames is one item for every run of this file: each run has classes of its own.
const run = randomBytes(3).toString('hex');
const name = (what: string) => `${what}${run}Error`;

async function take(item: SentItem): Promise<void> {
  const answer = await postItem(target, target.token, item);
  expect(answer.status, await answer.text()).toBe(200);
}

const OTHER_FRAME = {
  filename: '/app/services/messages.py',
  lineno: 12,
  method: `read_${run}`,
  code: '    return rows[at]',
};

/** The item's row in the list of those of this run. */
const row = (what: string) => page.getByRole('row').filter({ hasText: name(what) });
const link = (what: string) => page.getByRole('link', { name: new RegExp(`^${name(what)}`, 'u') });

beforeAll(async () => {
  for (const id of ['1', '2', '1']) {
    await take({
      type: name('Index'),
      message: 'list index out of range',
      version: 'v41',
      person: { id, username: `person-${id}` },
    });
  }
  await take({ type: name('Value'), message: 'invalid literal', level: 'warning' });
  await take({ type: name('Key'), message: "'handle'" });
  await take({ type: name('Mute'), message: 'noisy' });
  await take({
    type: HOSTILE[0],
    message: `${HOSTILE[1]} ${run}`,
    level: 'critical',
    frames: [
      {
        filename: `/app/${HOSTILE[2]}${run}`,
        lineno: 1,
        method: HOSTILE[1],
        code: HOSTILE[5],
        context: { pre: [HOSTILE[0]], post: [HOSTILE[4]] },
        locals: { [HOSTILE[0]]: HOSTILE[1] },
      },
    ],
    person: { id: HOSTILE[3], username: HOSTILE[2] },
    more: { context: HOSTILE[0], custom: { [HOSTILE[1]]: HOSTILE[0] } },
  });
  await take({ type: name('Like'), message: 'no such row' });
  await take({ type: name('Like'), message: 'no such row', frames: [OTHER_FRAME] });
  story = await sendStory(target, { run: `e${run}`, service: `e2e-before-${run}`, text: ` ${HOSTILE[0]}` });
  browser = await launch();
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

describe('the list', () => {
  it('tells level, count, users and status of each item, and narrows in its address', async () => {
    await page.goto(at(`/errors?q=${run}`));
    await row('Index').waitFor();
    const cells = row('Index').getByRole('cell');
    expect((await cells.allTextContents()).slice(5, 7)).toEqual(['3', '2']);
    await row('Index').getByText('Active').waitFor();
    await row('Value').getByText('warning').waitFor();
    await shot(page, 'errors');

    await page.getByRole('search').locator('..').getByRole('button', { name: 'Level' }).click();
    await page.getByRole('menuitemradio', { name: 'Warning' }).click();
    await page.waitForURL(/level=warning/u);
    await row('Value').waitFor();
    await row('Index').waitFor({ state: 'detached' });
    await page.goBack();
    await row('Index').waitFor();

    const search = page.getByRole('textbox', { name: /^Search items/u });
    await search.fill(name('Key'));
    await search.press('Enter');
    await page.waitForURL(new RegExp(`q=${name('Key')}`, 'u'));
    await row('Key').waitFor();
    await row('Value').waitFor({ state: 'detached' });

    await page.goto(at('/errors?q=no-such-title-anywhere'));
    await page.getByRole('heading', { name: 'No item passes the filter' }).waitFor();
    await page.getByRole('button', { name: 'Drop the filter' }).click();
    await page.getByRole('table').waitFor();
  });

  it('is walked, selected and opened by keys', async () => {
    await page.goto(at('/home').replace('/home', ''));
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.waitForURL(/\/errors$/u);
    await page.goto(at(`/errors?q=${run}`));
    await row('Index').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    const first = page.getByRole('row').nth(1);
    await page.keyboard.press('x');
    expect(await first.getByRole('checkbox').isChecked()).toBe(true);
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('1 selected').waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/errors/${DATASET}/\\d+$`, 'u'));
  });

  it('changes what is selected together', async () => {
    await page.goto(at(`/errors?q=${run}`));
    await row('Key').getByRole('checkbox').check();
    await row('Mute').getByRole('checkbox').check();
    await page.getByText('2 selected').waitFor();
    // The list comes again late: what is selected meanwhile stays.
    const list = /\/issues\?/u;
    await page.route(list, async (route) => {
      await new Promise((after) => setTimeout(after, 500));
      await route.continue();
    });
    await page.getByRole('button', { name: 'Mute' }).click();
    await page.getByText('2 selected').waitFor({ state: 'detached' });
    await row('Key').getByRole('checkbox').check();
    await row('Mute').getByText('Muted').waitFor();
    await row('Key').getByText('Muted').waitFor();
    await page.unroute(list);
    await page.getByRole('button', { name: 'Reopen' }).click();
    await row('Key').getByText('Active').waitFor();
    await page.reload();
    await row('Mute').getByText('Muted').waitFor();
  });

  it('gives what is selected to somebody, and puts away what nobody needs', async () => {
    await page.goto(at(`/errors?q=${run}`));
    await row('Key').getByRole('checkbox').check();
    await row('Mute').getByRole('checkbox').check();
    const owner = page
      .getByRole('textbox', { name: 'Owner of the selected items' })
      .or(page.getByRole('combobox', { name: 'Owner of the selected items' }));
    await owner.fill('bayko');
    await page.getByRole('button', { name: 'Assign', exact: true }).click();
    await row('Key').getByRole('cell', { name: 'bayko' }).waitFor();
    await row('Mute').getByRole('cell', { name: 'bayko' }).waitFor();
    await row('Mute').getByRole('checkbox').check();
    await page.getByRole('button', { name: 'Archive' }).click();
    await row('Mute').waitFor({ state: 'detached' });
    await page.goto(at(`/errors?q=${run}&status=archived`));
    await row('Mute').getByText('Archived').waitFor();
  });

  it('hands what passes out as a file', async () => {
    await page.goto(at(`/errors?q=${name('Value')}`));
    await row('Value').waitFor();
    for (const [form, text] of [
      ['as CSV', `,${name('Value')}: invalid literal,warning,`],
      ['as JSON', `"title": "${name('Value')}: invalid literal"`],
    ] as const) {
      await page.getByRole('button', { name: 'Export' }).click();
      const file = page.waitForEvent('download');
      await page
        .getByRole('menuitemradio', { name: form })
        .or(page.getByRole('menuitem', { name: form }))
        .click();
      const told = await readFile(await (await file).path(), 'utf8');
      expect(told).toContain(text);
      expect(told).not.toContain(name('Key'));
    }
  });

  it('counts the occurrences of what is listed, hour by hour', async () => {
    await page.goto(at(`/errors?q=${name('Index')}`));
    // Three were sent, all in this hour or the one before.
    await page
      .getByRole('img', {
        name: '3 occurrences in 24 hours, 3 of items new in the last hour; at most 3 an hour',
      })
      .or(page.getByRole('img', { name: /^3 occurrences .* at most 2 an hour/u }))
      .waitFor();
  });
});

describe('an item', () => {
  it('shows its occurrences one by one, with stack, locals, person and payload', async () => {
    await page.goto(at(`/errors?q=${run}`));
    await link('Index').click();
    await page
      .getByRole('heading', { level: 2, name: `${name('Index')}: list index out of range` })
      .waitFor();
    await page.getByText('Occurrence 3 of 3').waitFor();
    // The application's frame is open, with its lines and locals; the libraries' are one folded line.
    await page.getByText('2 library frames').waitFor();
    await page.getByText('return results[offset]').waitFor();
    await page.getByText('def run(offset):').waitFor();
    await page.getByText('andrewbrown').first().waitFor();
    expect(await page.getByText('execute(app)').isVisible()).toBe(false);
    await page.getByRole('checkbox', { name: 'Library frames' }).check();
    await page.waitForURL(/lib=1/u);
    await page.getByText('2 library frames').waitFor({ state: 'detached' });
    await shot(page, 'error-item');

    await page.keyboard.press('[');
    await page.getByText('Occurrence 2 of 3').waitFor();
    await page.getByRole('tab', { name: 'Person' }).click();
    await page.getByText('person-2').first().waitFor();
    await page.reload();
    await page.getByText('Occurrence 2 of 3').waitFor();
    await page.getByRole('tab', { name: 'Person', selected: true }).waitFor();
    await page.keyboard.press(']');
    await page.getByText('Occurrence 3 of 3').waitFor();
    await page.getByRole('tab', { name: 'Raw' }).click();
    await page.getByText('"pyrollbar"').waitFor();

    await page.getByRole('link', { name: 'Same request' }).click();
    await page.waitForURL(/\/request\?.*event=[0-9a-f]{32}/u);
    await page.getByText(name('Index')).first().waitFor();
  });

  it('is resolved, comes back with the next occurrence, and its history says so', async () => {
    await page.goto(at(`/errors?q=${run}`));
    await link('Value').click();
    await page.getByRole('button', { name: 'Resolve', exact: true }).click();
    await page.getByRole('button', { name: 'Reopen' }).waitFor();
    const history = page.getByRole('region', { name: 'History' });
    await history.getByText('Resolved').first().waitFor();
    await take({ type: name('Value'), message: 'invalid literal', level: 'warning' });
    await page.reload();
    await page.getByText('Reactivated').waitFor();
    await page.getByText('Occurrence 2 of 2').waitFor();
  });

  it('keeps every tab and action in reach beside the panel', async () => {
    for (const width of [1440, 1280, 1024]) {
      const own = await visit(browser, { width, height: 900 });
      try {
        await own.page.goto(at(`/errors?q=${run}`));
        await own.page.getByRole('link', { name: new RegExp(`^${name('Index')}`, 'u') }).click();
        const panel = own.page.getByRole('tabpanel');
        await panel.getByText('return results[offset]').waitFor();
        const edges = async (what: ReturnType<Page['getByRole']>) => {
          const box = await what.boundingBox();
          return { left: box?.x ?? Number.NaN, right: (box?.x ?? Number.NaN) + (box?.width ?? 0) };
        };
        const bounds = await edges(panel);
        const tabs = own.page.getByRole('tablist', { name: 'What the occurrence says' }).getByRole('tab');
        const actions = [
          tabs.first(),
          tabs.last(),
          own.page.getByRole('button', { name: 'Copy', exact: true }),
        ];
        for (const one of actions) {
          const { left, right } = await edges(one);
          expect(left, `${width}`).toBeGreaterThanOrEqual(bounds.left);
          expect(right, `${width}`).toBeLessThanOrEqual(bounds.right);
        }
      } finally {
        await own.close();
      }
    }
  });

  it('says what its request did just before, and leads to the trace', async () => {
    await page.goto(at(`/errors?q=${story.item.split(':')[0]}`));
    await page.getByRole('table').getByRole('link').first().click();
    const before = page.getByRole('region', { name: 'Just before' });
    const rows = before.getByRole('listitem');
    await rows.filter({ hasText: 'WARN throttled, retry in 10 ms' }).waitFor();
    const told = await rows.allTextContents();
    // Read from the story: segments, spans and lines, the latest start at the end.
    const place = (text: string) => told.findIndex((one) => one.includes(text));
    expect(place('Query cruddur-messages')).toBeGreaterThan(-1);
    expect(place('app.finalize_response, 8.6 ms')).toBeGreaterThan(place('Query cruddur-messages'));
    for (const one of told) expect(one).toMatch(/^−\d/u);
    await shot(page, 'error-before');
    await before.getByRole('link', { name: /^Open the/u }).click();
    await page.waitForURL(/\/(trace|request)/u);
  });

  it('names items like it, and why', async () => {
    await page.goto(at(`/errors?q=${name('Like')}`));
    await link('Like').first().click();
    await page.getByRole('tab', { name: /^Similar/u }).click();
    await page.waitForURL(/tab=similar/u);
    const like = page.getByRole('listitem').filter({ hasText: `same class ${name('Like')}` });
    await like.getByText('similar title').waitFor();
    await shot(page, 'error-similar');
    expect(await violations(page)).toEqual([]);
    const own = new URL(page.url()).pathname;
    await like.getByRole('link').click();
    await page.waitForURL((url) => url.pathname !== own && /\/errors\//u.test(url.pathname));
  });

  it('is found by its number on the server, and missing ones are named', async () => {
    const list = (await (
      await fetch(`${target.url}/foursight/v1/environments/${target.environment}/issues?q=${name('Index')}`)
    ).json()) as { issues: { id: number; counter: number }[] };
    const issue = list.issues[0];
    await page.goto(at(`/errors/${issue?.id}`));
    await page.waitForURL(new RegExp(`/errors/${DATASET}/${issue?.counter}$`, 'u'));
    await page.goto(at(`/errors/${DATASET}/999999`));
    await page.getByRole('heading', { name: /no item #999999/u }).waitFor();
    await page.goto(at('/errors/nowhere/1'));
    await page.getByText('no project “nowhere”').waitFor();
  });

  it('shows hostile text as text', async () => {
    await page.goto(at(`/errors?q=${run}&level=critical`));
    await page.getByText(HOSTILE[0]).first().waitFor();
    await shot(page, 'errors-hostile');
    await page.getByRole('row').nth(1).getByRole('link').click();
    await page.getByText(HOSTILE[5]).first().waitFor();
    for (const tab of ['Request', 'Person', 'Raw']) {
      await page.getByRole('tab', { name: tab }).click();
      await page
        .getByText(tab === 'Person' ? HOSTILE[2] : tab === 'Raw' ? 'onerror' : HOSTILE[1])
        .first()
        .waitFor();
    }
    // Long enough for an image that cannot load to have failed.
    await page.waitForTimeout(400);
    expect(await page.locator('main script, main img, main svg[onload], a[href^="javascript"]').count()).toBe(
      0,
    );
    expect(here.problems).toEqual([]);
  });
});

it('a project that waits says what was refused meanwhile, and how to mend it', async () => {
  const project = `waits-${run}`;
  const made = await fetch(`${target.url}/foursight/v1/environments/${target.environment}/projects`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-foursight-csrf': '1' },
    body: JSON.stringify({ name: project }),
  });
  expect(made.status).toBe(201);
  const wrong = `abcd${randomBytes(14).toString('hex')}`;
  for (let i = 0; i < 2; i += 1) {
    expect((await postItem(target, wrong, { type: 'Any', message: 'x' })).status).toBe(403);
  }
  await page.goto(at('/errors'));
  const waiting = page.getByRole('region', { name: 'Waiting for the first item' });
  await waiting.getByText(project).waitFor();
  const refused = waiting.getByRole('listitem').filter({ hasText: wrong.slice(0, 6) });
  await refused
    .getByText(/^2 items refused in the last 5 minutes, token abcd.*pyrollbar\/1\.3\.0/u)
    .waitFor();
  await shot(page, 'errors-waiting');
  await refused.getByRole('link', { name: 'Arrivals' }).click();
  await page.waitForURL(/arrivals\?.*outcome=refused/u);
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['list', 'selected', 'item', 'before', 'similar', 'none'])(
    '“%s” is accessible and fits',
    async (what) => {
      for (const width of [1440, 390]) {
        const own = await visit(browser, { theme, width, height: 900 });
        try {
          await own.page.goto(at(what === 'none' ? '/errors?q=no-such-title-anywhere' : `/errors?q=${run}`));
          await own.page.getByRole('heading', { level: 1 }).waitFor();
          if (what === 'none')
            await own.page.getByRole('heading', { name: 'No item passes the filter' }).waitFor();
          if (what === 'selected') await own.page.getByRole('row').nth(1).getByRole('checkbox').check();
          if (what === 'item') {
            await own.page.getByRole('link', { name: new RegExp(`^${name('Index')}`, 'u') }).click();
            await own.page.getByText('return results[offset]').waitFor();
          }
          if (what === 'before' || what === 'similar') {
            const title = what === 'before' ? (story.item.split(':')[0] ?? '') : name('Like');
            await own.page.goto(at(`/errors?q=${title}`));
            await own.page
              .getByRole('link', { name: new RegExp(`^${title}`, 'u') })
              .first()
              .click();
            if (what === 'similar') await own.page.getByRole('tab', { name: /^Similar/u }).click();
            await own.page
              .getByText(what === 'before' ? 'WARN throttled, retry in 10 ms' : `same class ${title}`)
              .first()
              .waitFor();
          }
          await own.page.waitForLoadState('networkidle').catch(() => undefined);
          expect(await violations(own.page)).toEqual([]);
          expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
            width,
          );
          await shot(own.page, `errors-${what}-${theme}-${width}`);
        } finally {
          await own.close();
        }
      }
    },
  );
});
