// Telemetry is hostile text: in names, services, keys, values, lines, errors, keys of access. It is shown, and never
// run, and it breaks no page: each is accessible with it, and fits a phone.

import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import {
  HOSTILE,
  hostileTrace,
  launch,
  logsCall,
  post,
  postItem,
  send,
  shot,
  violations,
  visit,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const { trace, spans, root } = hostileTrace();
const GROUP = 'e2e-hostile';
const GROUP_OF_TRACES = `e2e ${HOSTILE[1]}`.slice(0, 32);
const run = randomBytes(3).toString('hex');
let browser: Browser;
let item = '';
let line = '';

/** Asks the server's own API, as a page does. */
async function own<T>(path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${target.url}/foursight/v1${path}`, {
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', 'x-foursight-csrf': '1' },
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  if (!answer.ok && answer.status !== 409) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

beforeAll(async () => {
  browser = await launch();
  const here = `/environments/${target.environment}`;
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
  const stream = { logGroupName: GROUP, logStreamName: HOSTILE[0] };
  await logsCall(target.url, 'CreateLogGroup', { logGroupName: GROUP });
  await logsCall(target.url, 'CreateLogStream', stream);
  const now = Date.now();
  await logsCall(target.url, 'PutLogEvents', {
    ...stream,
    logEvents: [
      ...HOSTILE.map((text, i) => ({ timestamp: now - 100 + i, message: `${text} ${'long'.repeat(200)}` })),
      { timestamp: now, message: JSON.stringify({ [HOSTILE[1]]: HOSTILE[0], level: HOSTILE[2], n: 1 }) },
    ],
  });
  const found = await own<{ lines: { id: string }[] }>('/logs/lines', {
    env: target.environment,
    group: GROUP,
    start_ns: String(BigInt(now - 60_000) * 1_000_000n),
    end_ns: String(BigInt(now + 60_000) * 1_000_000n),
    order: 'newest',
    limit: 1,
  });
  line = found.lines[0]?.id ?? '';
  const taken = await postItem(target, target.token, {
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
    version: HOSTILE[2],
    more: { context: HOSTILE[0], environment: HOSTILE[1], custom: { [HOSTILE[1]]: HOSTILE[0] } },
  });
  expect(taken.status).toBe(200);
  const items = await own<{ issues: { dataset: string; counter: number }[] }>(`${here}/issues?q=${run}`);
  item = `${items.issues[0]?.dataset}/${items.issues[0]?.counter}`;
  await own(`${here}/keys`, { kind: 'ingest', name: HOSTILE[0] });
  await own(`${here}/groups`, {
    name: GROUP_OF_TRACES,
    expression: `service("${HOSTILE[0].replace(/"/gu, '')}")`,
  });
});
afterAll(async () => {
  await browser?.close();
});

/** A page, its address, and what of the hostile text it shows. */
const pages: readonly (readonly [string, () => string, string])[] = [
  ['home', () => '', HOSTILE[0]],
  ['explore', () => `explore?v=COUNT&g=name&t=-1h`, HOSTILE[1]],
  [
    'explore-events',
    () => `explore?v=COUNT&w=${encodeURIComponent('name contains pwned')}&t=-1h&tab=events`,
    HOSTILE[1],
  ],
  ['trace', () => `trace/${trace}`, HOSTILE[0]],
  ['trace-events', () => `trace/${trace}?span=${root}&panel=events`, HOSTILE[0]],
  ['trace-links', () => `trace/${trace}?span=${root}&panel=links`, HOSTILE[0]],
  ['trace-raw', () => `trace/${trace}?span=${root}&panel=raw`, HOSTILE[0]],
  ['trace-table', () => `trace/${trace}?tab=table`, HOSTILE[0]],
  ['trace-json', () => `trace/${trace}?tab=json`, 'script'],
  [
    'trace-address',
    () => `trace/${trace}?span=${encodeURIComponent(HOSTILE[1])}&f=${encodeURIComponent(HOSTILE[2])}`,
    HOSTILE[0],
  ],
  ['request', () => `request?trace=${trace}`, HOSTILE[0]],
  ['map', () => 'map', `e2e-hostile ${HOSTILE[0]}`.slice(0, 20)],
  ['map-node', () => `map?sel=${encodeURIComponent(`e2e-hostile ${HOSTILE[0]}`)}`, HOSTILE[0]],
  ['map-table', () => 'map?view=table', HOSTILE[0]],
  ['sampling', () => 'sampling', GROUP_OF_TRACES],
  ['logs', () => `logs?group=${GROUP}`, HOSTILE[1]],
  ['logs-line', () => `logs?group=${GROUP}&line=${line}`, HOSTILE[0]],
  ['logs-address', () => `logs?group=${GROUP}&stream=${encodeURIComponent(HOSTILE[0])}`, HOSTILE[1]],
  ['insights', () => `insights?group=${GROUP}`, HOSTILE[1]],
  [
    'insights-groups',
    () => `insights?group=${GROUP}&q=${encodeURIComponent('stats count(*) by @logStream')}`,
    HOSTILE[0],
  ],
  ['errors', () => `errors?q=${run}`, HOSTILE[0]],
  ['errors-item', () => `errors/${item}`, HOSTILE[5]],
  ['arrivals', () => 'arrivals', HOSTILE[1]],
  ['send', () => 'send', 'What do you send?'],
  ['keys', () => 'settings/keys', HOSTILE[0]],
  ['environments', () => 'settings/environments', target.environment],
  // A machine with a full disk is well enough for this test.
  ['health', () => 'settings/health', 'Listens on'],
];

async function open(page: Page, name: string, path: string, text: string): Promise<void> {
  await page.goto(`${target.url}/e/${target.environment}/${path}`);
  await page
    .locator('main')
    .getByText(text)
    .filter({ visible: true })
    .first()
    .waitFor()
    .catch(async (error: unknown) => {
      await shot(page, `hostile-${name}-failed`);
      throw error;
    });
}

it.each(pages)('%s shows hostile text as text', async (name, path, text) => {
  const { page, problems, close } = await visit(browser);
  try {
    await open(page, name, path(), text);
    // Long enough for an image that cannot load to have failed.
    await page.waitForTimeout(400);
    await shot(page, `hostile-${name}`);
    expect(await page.locator('main script, main img, main svg[onload], a[href^="javascript"]').count()).toBe(
      0,
    );
    expect(await violations(page)).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await close();
  }
});

it.each(pages)(
  '%s is accessible in the dark, and needs no scrolling sideways on phones',
  async (name, path, text) => {
    const { page, problems, close } = await visit(browser, { theme: 'dark' });
    try {
      await open(page, name, path(), text);
      expect(await violations(page)).toEqual([]);
      for (const width of [600, 390, 320]) {
        await page.setViewportSize({ width, height: 844 });
        // Charts are drawn anew at the next frame.
        await page.waitForTimeout(100);
        await shot(page, `narrow-${name}-${width}`);
        expect(await beyond(page), `${width} wide`).toEqual([]);
      }
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  },
);
