// Explore on a dataset of its own: what stands below the graph before anything is selected.

import { randomBytes } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { launch, type SentSpan, send, spanId, traceId, visit } from './support/index.ts';

const target = inject('target');
const SERVICE = `e2e-explore-${randomBytes(3).toString('hex')}`;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  const spans = [200, 200, 200, 500].map(
    (status, i): SentSpan => ({
      id: spanId(),
      name: 'GET /home',
      service: SERVICE,
      start: i * 10,
      length: 20 + i,
      attributes: { 'http.response.status_code': status },
    }),
  );
  await send(target, traceId(), spans);
});
afterAll(async () => {
  await browser?.close();
});

it('BubbleUp without a box is how each field is distributed', async () => {
  const { page, problems, close } = await visit(browser);
  try {
    await page.goto(
      `${target.url}/e/${target.environment}/explore?ds=${SERVICE}&v=${encodeURIComponent('HEATMAP(duration_ms)')}&t=-10m&tab=bubbleup`,
    );
    const card = page
      .getByRole('region', { name: 'Fields' })
      .getByRole('article')
      .filter({ has: page.getByRole('heading', { name: 'http.response.status_code' }) });
    // Three of four, and one of four.
    await card.getByRole('button', { name: /^200 .*75 % of all/u }).waitFor();
    await card.getByRole('button', { name: /^500 .*25 % of all/u }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
});
