// Settings: a key made, shown once, used, revoked, used again; environments; health. And Home on the same server.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { exportOf, homeTrace, launch, post, shot, type Visit, violations, visit } from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;

const at = (path: string) => `${target.url}/e/${target.environment}${path}`;

async function send(key: string): Promise<number> {
  const { trace, spans } = homeTrace();
  return (
    await post(`${target.otlp}/v1/traces`, exportOf(trace, spans, BigInt(Date.now()) * 1_000_000n), key)
  ).status;
}

beforeAll(async () => {
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

describe('keys', () => {
  it('are shown once, work at once, and are named when used after they were revoked', async () => {
    await page.goto(at('/settings/keys'));
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name', { exact: true }).fill('worker, compose');
    await page.getByRole('button', { name: 'Create' }).click();
    const once = page.getByRole('status').filter({ hasText: 'shown once' });
    const secret = (await once.getByText(/^fs_in_/u).textContent())?.trim() ?? '';
    expect(secret).toMatch(/^fs_in_[0-9A-Za-z]{43}$/u);
    await shot(page, 'keys-made');
    const before = await page.getByRole('row', { name: /worker, compose/u }).textContent();
    expect(before).toContain('never');
    expect(await send(secret)).toBe(200);

    // Leaving forgets it.
    await page.reload();
    await page.getByRole('row', { name: /worker, compose/u }).waitFor();
    expect(await page.content()).not.toContain(secret);
    // What was sent is told with its sender, as today's.
    const { spans } = homeTrace();
    const sent = spans.reduce((n, one) => n + 1 + (one.events?.length ?? 0) + (one.links?.length ?? 0), 0);
    const row = page.getByRole('row', { name: /worker, compose/u });
    await row.getByRole('cell', { name: /(ago|now) from 127\.0\.0\.1$/u }).waitFor();
    await row.getByRole('cell', { name: String(sent), exact: true }).waitFor();
    await row.getByRole('cell', { name: `0, 0, 0, 0, 0, 0, ${sent}`, exact: true }).waitFor();

    await page.getByRole('button', { name: 'Revoke worker, compose' }).click();
    await page.getByRole('button', { name: 'Revoke for good' }).click();
    await page.getByRole('row', { name: /worker, compose.*revoked/u }).waitFor();
    expect(await send(secret)).toBe(401);
    await page.reload();
    await page.getByText('A revoked key was used again.').first().waitFor();
    // Refused ones are no use.
    await row.getByRole('cell', { name: /^refused .* from 127\.0\.0\.1$/u }).waitFor();
    await row.getByRole('cell', { name: `0, 0, 0, 0, 0, 0, ${sent}`, exact: true }).waitFor();
    const history = page.getByRole('region', { name: 'History' });
    const told = await history
      .getByRole('listitem')
      .filter({ hasText: '“worker, compose”' })
      .allTextContents();
    expect(told.map((one) => /Made|Revoked/u.exec(one)?.[0])).toEqual(['Revoked', 'Made']);
    await shot(page, 'keys-used');
    await page.getByRole('link', { name: 'See the fix in Arrivals' }).first().click();
    await page.waitForURL(/arrivals\?.*outcome=refused/u);
    await page.getByText('this key was revoked').first().waitFor();
  });

  it('of AWS are an id and a secret', async () => {
    await page.goto(at('/settings/keys'));
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Kind').selectOption('signing');
    await page.getByLabel('Name', { exact: true }).fill('watchtower');
    await page.getByRole('button', { name: 'Create' }).click();
    const once = page.getByRole('status').filter({ hasText: 'shown once' });
    await once
      .getByText(/^AKIA[0-9A-Z]{16}/u)
      .first()
      .waitFor();
    await once.getByRole('button', { name: 'Copy as .env' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^AWS_ACCESS_KEY_ID=AKIA[0-9A-Z]{16}\nAWS_SECRET_ACCESS_KEY=\S{40}\n$/u);
  });
});

describe('tokens of projects', () => {
  it('are made with their project and send at once, here and on Send data', async () => {
    const made = await post(`${target.url}/foursight/v1/environments`, { name: 'e2e shop' }, target.key);
    const { slug } = (await made.json()) as { slug: string };
    await page.goto(`${target.url}/e/${slug}/settings/keys`);
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Kind').selectOption('project');
    await page.getByRole('textbox', { name: 'Project' }).fill('checkout');
    await page.getByRole('button', { name: 'Create' }).click();
    const once = page.getByRole('status').filter({ hasText: 'shown once' });
    const token = (await once.getByText(/^[0-9a-f]{32}$/u).textContent())?.trim() ?? '';
    const body = { data: { environment: 'p', body: { message: { body: 'from checkout' } } } };
    const sent = await fetch(`${target.url}/api/1/item/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-rollbar-access-token': token },
      body: JSON.stringify(body),
    });
    expect(sent.status).toBe(200);

    await page.goto(`${target.url}/e/${slug}/send?what=rollbar`);
    await page.getByRole('button', { name: 'Create a token' }).click();
    await page.getByText('this key is shown once').waitFor();
  });
});

describe('home', () => {
  it('tells rate, errors, services and who sends, each with a way on', async () => {
    expect(await send(target.key)).toBe(200);
    await page.goto(at(''));
    await page.getByRole('link', { name: /^Requests/u }).waitFor();
    await page.getByRole('region', { name: 'Services' }).getByRole('link', { name: 'e2e-backend' }).waitFor();
    await page.getByRole('region', { name: 'Arriving now' }).getByText('OTLP/HTTP').first().waitFor();
    await page
      .getByRole('region', { name: 'At a glance' })
      .getByRole('link', { name: /^Errors/u })
      .click();
    await page.waitForURL(/explore\?.*error/u);
  });
});

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  it.each(['', '/settings/keys', '/settings/environments', '/settings/health'])(
    '“%s” is accessible and fits',
    async (path) => {
      for (const width of [1440, 390]) {
        const own = await visit(browser, { theme, width, height: 900 });
        try {
          await own.page.goto(at(path));
          await own.page.getByRole('heading', { level: 1 }).waitFor();
          await own.page.waitForLoadState('networkidle').catch(() => undefined);
          // As high as the page: a row that the edge of what scrolls cuts in two counts as too small a target.
          await own.page.setViewportSize({ width, height: 2_400 });
          expect(await violations(own.page)).toEqual([]);
          await own.page.setViewportSize({ width, height: 900 });
          expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
            width,
          );
          await shot(own.page, `${path.split('/').at(-1) || 'home'}-${theme}-${width}`);
        } finally {
          await own.close();
        }
      }
    },
  );

  it('the open form of each kind of key, and a key just made, are accessible and fit', async () => {
    for (const width of [1440, 390]) {
      const own = await visit(browser, { theme, width, height: 900 });
      const look = async (what: string) => {
        await own.page.setViewportSize({ width, height: 2_400 });
        expect(await violations(own.page), what).toEqual([]);
        await shot(own.page, `keys-${what}-${theme}-${width}`);
        await own.page.setViewportSize({ width, height: 900 });
        expect(await beyond(own.page), what).toEqual([]);
      };
      try {
        await own.page.goto(at('/settings/keys'));
        await own.page.getByRole('button', { name: 'New key' }).click();
        const form = own.page.getByRole('form', { name: 'New key' });
        const kinds = form.getByLabel('Kind').getByRole('option');
        const values = await kinds.evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value));
        expect(values).toEqual(expect.arrayContaining(['ingest', 'signing', 'project']));
        await form.getByRole('checkbox', { name: 'one we have already' }).check();
        for (const kind of values) {
          await form.getByLabel('Kind').selectOption(kind);
          await look(kind);
        }
        // Refused: too short to be a secret.
        await form.getByLabel('Kind').selectOption('ingest');
        await form.getByLabel('Key', { exact: true }).fill('x');
        await form.getByRole('button', { name: 'Create' }).click();
        await form.getByRole('alert').waitFor();
        await look('refused');
        await form.getByRole('checkbox', { name: 'one we have already' }).uncheck();
        await form.getByLabel('Kind').selectOption('signing');
        await form.getByLabel('Name', { exact: true }).fill(`axe ${theme} ${width}`);
        await form.getByRole('button', { name: 'Create' }).click();
        await own.page.getByRole('status').filter({ hasText: 'shown once' }).waitFor();
        await look('once');
        await own.page.getByRole('button', { name: `Revoke axe ${theme} ${width}` }).click();
        const sure = own.page.getByRole('button', { name: 'Revoke for good' });
        await sure.waitFor();
        await look('revoke');
        await sure.click();
        await own.page
          .getByRole('row', { name: new RegExp(`axe ${theme} ${width}.*revoked`, 'u') })
          .waitFor();
        expect(own.problems).toEqual([]);
      } finally {
        await own.close();
      }
    }
  });
});
