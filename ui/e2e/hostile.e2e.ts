// Telemetry is hostile text: in names, services, keys, values, events, keys of access. It is shown, and never run.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { HOSTILE, hostileTrace, launch, post, send, shot, visit } from './support/index.ts';

const target = inject('target');
const { trace, spans, root } = hostileTrace();
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  await send(target, trace, spans);
  // A refused delivery shows key and sender as they came.
  await fetch(`${target.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'x-honeycomb-team': HOSTILE[0], 'user-agent': HOSTILE[1], 'content-type': 'application/json' },
    body: '{}',
    signal: AbortSignal.timeout(10_000),
  });
  await post(
    `${target.url}/1/events/e2e-hostile`,
    { [HOSTILE[1]]: HOSTILE[0], message: HOSTILE[2] },
    target.key,
  );
});
afterAll(async () => {
  await browser?.close();
});

const pages: readonly (readonly [string, string, string])[] = [
  ['trace', `trace/${trace}`, HOSTILE[0]],
  ['trace-events', `trace/${trace}?span=${root}&panel=events`, HOSTILE[0]],
  ['trace-links', `trace/${trace}?span=${root}&panel=links`, HOSTILE[0]],
  ['trace-raw', `trace/${trace}?span=${root}&panel=raw`, HOSTILE[0]],
  ['trace-table', `trace/${trace}?tab=table`, HOSTILE[0]],
  ['trace-json', `trace/${trace}?tab=json`, 'script'],
  [
    'trace-address',
    `trace/${trace}?span=${encodeURIComponent(HOSTILE[1])}&f=${encodeURIComponent(HOSTILE[2])}`,
    HOSTILE[0],
  ],
  ['arrivals', 'arrivals', HOSTILE[1]],
  ['send', 'send', 'What do you send?'],
  ['explore', `explore?v=COUNT&g=name&t=-1h`, HOSTILE[1]],
  [
    'explore-events',
    `explore?v=COUNT&w=${encodeURIComponent('name contains pwned')}&t=-1h&tab=events`,
    HOSTILE[1],
  ],
];

it.each(pages)('%s shows hostile text as text', async (name, path, text) => {
  const { page, problems, close } = await visit(browser);
  try {
    await page.goto(`${target.url}/e/${target.environment}/${path}`);
    await page
      .getByText(text)
      .first()
      .waitFor()
      .catch(async (error: unknown) => {
        await shot(page, `hostile-${name}-failed`);
        throw error;
      });
    // Long enough for an image that cannot load to have failed.
    await page.waitForTimeout(400);
    await shot(page, `hostile-${name}`);
    expect(await page.locator('main script, main img, main svg[onload], a[href^="javascript"]').count()).toBe(
      0,
    );
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
});
