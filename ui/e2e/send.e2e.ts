// Send data: the lines to change, and the box that hears what comes.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  exportOf,
  homeTrace,
  launch,
  post,
  send,
  shot,
  type Visit,
  violations,
  visit,
} from './support/index.ts';

const target = inject('target');
let browser: Browser;
let here: Visit;
let page: Page;

/** A source, how the address asks for it, and a word of what its client is told. */
const SHAPES: readonly (readonly [RegExp, string, string])[] = [
  [/^OpenTelemetry/u, '', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  [/^X-Ray/u, '?what=xray', 'AWS_XRAY_DAEMON_ADDRESS'],
  [/^X-Ray/u, '?what=xray&in=compose', 'AWS_XRAY_DAEMON_ADDRESS'],
  [/^CloudWatch Logs/u, '?what=logs', 'AWS_ENDPOINT_URL'],
  [/^CloudWatch Logs/u, '?what=logs&in=compose', 'AWS_ENDPOINT_URL'],
  [/^Rollbar/u, '?what=rollbar', target.token],
  [/^Rollbar/u, '?what=rollbar&in=compose', target.token],
  [/^Events API/u, '?what=events&in=docker', '/1/events/'],
];

const at = (search = '') => `${target.url}/e/${target.environment}/send${search}`;
const hears = () => page.getByRole('complementary', { name: 'What arrives' });

/** Opens the page, and waits until it hears. */
async function listen(search = ''): Promise<void> {
  await Promise.all([page.waitForResponse(/\/arrivals\/live/u), page.goto(at(search))]);
  await hears().waitFor();
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

describe('send data', () => {
  it('gives the lines with real address and key, to copy and as a file', async () => {
    await page.goto(at());
    const lines = `OTEL_EXPORTER_OTLP_ENDPOINT=${target.otlp}\nOTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=${target.key}\n`;
    await page.getByRole('button', { name: 'Copy all' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(lines);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: '.env file' }).click(),
    ]);
    expect(readFileSync(await download.path(), 'utf8')).toBe(lines);
  });

  it('knows languages and places, in the address', async () => {
    await page.goto(at());
    await page.getByRole('button', { name: /^Language/u }).click();
    await page.getByRole('menuitemradio', { name: '.NET' }).click();
    await page.waitForURL(/lang=dotnet/u);
    await page.getByText('OTEL_EXPORTER_OTLP_PROTOCOL=').waitFor();
    await page.getByRole('button', { name: /^Runs in/u }).click();
    await page.getByRole('menuitemradio', { name: 'Docker Compose' }).click();
    await page.waitForURL(/in=compose/u);
    await page.getByText(/only, which a container cannot reach/u).waitFor();
    await page.getByRole('button', { name: /^Events API/u }).click();
    await page.waitForURL(/what=events/u);
    await page.getByText('/1/events/hello').waitFor();
  });

  it('hears the first span and opens its trace', async () => {
    const { trace, spans } = homeTrace();
    await page.goto(at());
    await hears()
      .getByRole('heading', { name: /first span/u })
      .waitFor();
    await send(target, trace, spans, 0);
    await hears().getByText('It works').waitFor({ timeout: 10_000 });
    await hears().getByRole('link', { name: 'Open the trace' }).click();
    await page.getByRole('treegrid', { name: 'Rows of the request' }).waitFor();
  });

  it('names a refusal with why and fix', async () => {
    await listen();
    const { trace, spans } = homeTrace();
    await post(
      `${target.otlp}/v1/traces`,
      exportOf(trace, spans, BigInt(Date.now()) * 1_000_000n),
      'ksend_no_such_key_000',
    );
    // Data of the demo may take the card away again; the log of what was heard stays.
    await hears().getByText('no environment has this key').first().waitFor({ timeout: 10_000 });
    await shot(page, 'send-refused');
  });

  it.each(['xray', 'rollbar'])('%s: the command on the page works as it stands', async (what) => {
    await listen(`?what=${what}`);
    const command = await page.locator('pre').last().textContent();
    await promisify(execFile)('bash', ['-c', command ?? ''], { timeout: 10_000 });
    await hears().getByText('It works').waitFor({ timeout: 10_000 });
  });

  it('makes an event when its own command is run', async () => {
    await listen('?what=events');
    const answer = await post(
      `${target.url}/1/events/e2e-hello`,
      { message: 'hello', duration_ms: 12.5 },
      target.key,
    );
    expect(answer.status).toBe(200);
    await hears().getByText('It works').waitFor({ timeout: 10_000 });
    await hears().getByRole('link', { name: 'Explore e2e-hello' }).waitFor();
  });

  it('makes a key, hears it used, and names the key of another environment', async () => {
    const made = await post(`${target.url}/foursight/v1/environments`, { name: 'e2e bootcamp' }, target.key);
    expect(made.ok).toBe(true);
    const { slug } = (await made.json()) as { slug: string };
    const { trace, spans } = homeTrace();
    await Promise.all([page.waitForResponse(/\/arrivals\/live/u), page.goto(`${target.url}/e/${slug}/send`)]);
    await page.getByRole('button', { name: 'Create a key' }).click();
    await page.getByText('this key is shown once').waitFor();
    await page.getByRole('button', { name: 'Copy all' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const lines = await page.evaluate(() => navigator.clipboard.readText());
    const key = /x-honeycomb-team=(fs_in_\w+)/u.exec(lines)?.[1];
    expect(key).toBeDefined();

    // By mistake with the key of the other environment: taken there, and named here.
    await send(target, trace, spans, 0);
    await hears().getByText(`Something came, for ${target.environment}`).waitFor({ timeout: 10_000 });
    await shot(page, 'send-elsewhere');
    await send({ ...target, key: key ?? '' }, homeTrace().trace, homeTrace().spans, 0);
    await hears().getByText('It works').waitFor({ timeout: 10_000 });

    await page.goto(`${target.url}/e/${slug}/arrivals`);
    const row = page.getByRole('listitem').filter({ hasText: `belongs to ${target.environment}` });
    await row.getByRole('link', { name: `Open in ${target.environment}` }).waitFor();
    // The line to set must not carry the very key that is wrong here.
    await row.getByText('OTEL_EXPORTER_OTLP_HEADERS=x-honeycomb-team=<key>').waitFor();
    await row.getByRole('link', { name: 'Create a key' }).waitFor();
    await shot(page, 'arrivals-elsewhere');
    expect(await violations(page)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('is accessible for each source, %s', async (theme) => {
    const own = await visit(browser, { theme });
    try {
      for (const [source, search, told] of SHAPES) {
        await own.page.goto(at(search));
        await own.page.getByRole('button', { name: source, pressed: true }).waitFor();
        await own.page.getByRole('main').getByText(told).first().waitFor();
        expect(await violations(own.page), `${source} ${search}`).toEqual([]);
        await shot(own.page, `send-${search.replace(/\W+/gu, '-').slice(1) || 'otel'}-${theme}`);
        // As high as it may have to be: a control cut by the edge of what scrolls counts as too small a target.
        await own.page.setViewportSize({ width: 390, height: 2_400 });
        expect(await violations(own.page), `${source} ${search} on a phone`).toEqual([]);
        expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
        await own.page.setViewportSize({ width: 1440, height: 900 });
      }
    } finally {
      await own.close();
    }
  });

  it.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['dark', 1024, 900],
    ['light', 390, 844],
    ['dark', 390, 844],
  ] as const)('fits %s %i', async (theme, width, height) => {
    const own = await visit(browser, { theme, width, height });
    try {
      await own.page.goto(at());
      await own.page.getByRole('heading', { name: 'What do you send?' }).waitFor();
      expect(await own.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      await shot(own.page, `send-${theme}-${width}`);
    } finally {
      await own.close();
    }
  });
});
