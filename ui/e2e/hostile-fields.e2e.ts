// What hostile.e2e.ts leaves: texts that people and clients put into environments, projects, rules, items, occurrences
// and segments. Each is another text, so that each is seen where it belongs, as text; and none of them runs.

import { randomBytes } from 'node:crypto';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  FRAMES,
  launch,
  postItem,
  sendSegments,
  shot,
  spanId,
  type View,
  violations,
  visit,
  xrayTraceId,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const run = randomBytes(3).toString('hex');
let browser: Browser;

/** Markup that tells which text it was, if it ever runs. */
const evil = (place: string) => `<img src=x onerror=pwned("${place}")>`;

const ENVIRONMENT = `${evil('environment')} ${run}`;
const PROJECT = `${evil('project')} ${run}`;
const WAITS = `"><svg onload=pwned("waits")> ${run}`;
const OWNER = evil('owner');

/** A rule has room for 32 characters of a name, 10 of a method, 64 of a service. */
const RULE = {
  name: `<img src onerror=pwned(1)>${run}`,
  priority: 9_001,
  reservoir_size: 1,
  fixed_rate: 0.05,
  service_name: evil('service'),
  service_type: evil('type'),
  host: evil('host'),
  http_method: '<b>GET</b>',
  url_path: evil('path'),
};
const BY_ATTRIBUTE = { '<img src onerror=pwned("key")>': '<img src onerror=pwned("val")>' };
const BY_RESOURCE = evil('arn');

const REQUEST = {
  url: `http://localhost/${evil('url')}`,
  method: evil('method'),
  headers: { [evil('header')]: evil('header value'), 'User-Agent': evil('agent') },
  query_string: evil('query'),
  user_ip: evil('address'),
  params: { [evil('param')]: evil('param value') },
};
const SERVER = { host: evil('server'), root: evil('root'), branch: evil('branch'), [evil('of server')]: 1 };
const TELEMETRY = [
  { level: 'error', type: 'log', body: { message: evil('log') } },
  { level: evil('level'), type: evil('kind'), body: { message: evil('other') } },
  { type: 'network', body: { method: evil('m'), url: evil('u'), status_code: evil('s') } },
  { type: 'dom', body: { subtype: evil('subtype'), element: evil('element') } },
  { type: 'navigation', body: { from: evil('from'), to: evil('to') } },
];

const SEGMENT = spanId();
const trace = xrayTraceId(Date.now());
const EXCEPTION = {
  type: evil('class'),
  message: evil('message'),
  path: evil('file'),
  label: evil('function'),
};

let env = '';
let item = '';

async function own<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${target.url}/foursight/v1${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', 'x-foursight-csrf': '1' },
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

beforeAll(async () => {
  browser = await launch();
  env = (await own<{ slug: string }>('POST', '/environments', { name: ENVIRONMENT, color: 'red' })).slug;
  const at = `/environments/${env}`;
  const key = { kind: 'project', name: evil('token'), project: PROJECT };
  const { secret } = await own<{ secret: string }>('POST', `${at}/keys`, key);
  await own('POST', `${at}/projects`, { name: WAITS });
  const taken = await postItem(target, secret, {
    type: 'HostileError',
    message: run,
    more: {
      request: REQUEST,
      server: SERVER,
      body: {
        trace: { frames: FRAMES, exception: { class: 'HostileError', message: run } },
        telemetry: TELEMETRY.map((one) => ({ ...one, timestamp_ms: Date.now(), source: 'client' })),
      },
    },
  });
  expect(taken.status, await taken.text()).toBe(200);
  const { issues } = await own<{ issues: { id: number; dataset: string; counter: number }[] }>(
    'GET',
    `${at}/issues?q=${run}`,
  );
  const [issue] = issues;
  if (!issue) throw new Error('the item is not listed');
  item = `${issue.dataset}/${issue.counter}`;
  await own('PATCH', `${at}/issues/${issue.id}`, { owner: OWNER });

  const bare = { priority: 9_002, reservoir_size: 0, fixed_rate: 0 };
  await own('POST', `${at}/sampling_rules`, RULE);
  await own('POST', `${at}/sampling_rules`, { ...bare, name: 'by attribute', attributes: BY_ATTRIBUTE });
  await own('POST', `${at}/sampling_rules`, { ...bare, name: 'by resource', resource_arn: BY_RESOURCE });

  const now = Date.now() / 1000;
  await sendSegments(
    target,
    [
      {
        name: `e2e-hostile-segment-${run}`,
        id: SEGMENT,
        trace_id: trace.id,
        start_time: now - 2,
        end_time: now - 1,
        fault: true,
        user: evil('user'),
        annotations: { annotated: evil('annotation'), [evil('annotation key')]: 'of a key' },
        metadata: { [evil('namespace')]: { [evil('metadata key')]: evil('metadata') } },
        http: { request: { url: evil('segment url'), user_agent: evil('segment agent') } },
        service: { version: evil('version') },
        cause: {
          exceptions: [
            {
              id: spanId(),
              type: EXCEPTION.type,
              message: EXCEPTION.message,
              stack: [{ path: EXCEPTION.path, line: 1, label: EXCEPTION.label }],
            },
          ],
        },
      },
    ],
    trace.hex,
  );
});
afterAll(async () => {
  await browser?.close();
});

/** Waits for each text on the page. What the page writes in JSON has its quotes escaped. */
async function shows(place: Page | Locator, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await place.getByText(text).filter({ visible: true }).first().waitFor();
  }
}

const main = (page: Page) => page.getByRole('main');
const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
const shell = (page: Page) => page.getByRole('banner');
const openTab = (page: Page, name: RegExp | string) => page.getByRole('tab', { name }).click();

/** Where a reader goes, and what he must see there. */
const places: readonly (readonly [string, () => string, (page: Page) => Promise<void>])[] = [
  [
    'an environment, in the shell and the menu',
    () => `${env}/arrivals`,
    async (page) => {
      await shows(shell(page), [ENVIRONMENT]);
      await page.getByRole('button', { name: /^Environment /u }).click();
      await page.getByRole('menuitem', { name: ENVIRONMENT }).waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('menuitem', { name: ENVIRONMENT }).waitFor({ state: 'detached' });
    },
  ],
  [
    'an environment, in the list of all',
    () => `${target.environment}/settings/environments`,
    (page) => shows(page.getByRole('row'), [ENVIRONMENT]),
  ],
  [
    'a project, its name on its token, and one that waits',
    () => `${env}/errors`,
    async (page) => {
      await shows(page.getByRole('region', { name: 'Waiting for the first item' }), [WAITS]);
      await page.getByRole('button', { name: 'Project' }).click();
      await page.getByRole('menuitemradio', { name: WAITS }).waitFor();
      await page.getByRole('menuitemradio', { name: PROJECT }).click();
      await page.waitForURL(/project=/u);
      await shows(main(page), [PROJECT]);
    },
  ],
  ['a token', () => `${env}/settings/keys`, (page) => shows(main(page), [evil('token')])],
  [
    'an owner, in the list',
    () => `${env}/errors`,
    async (page) => {
      await page.getByRole('cell', { name: OWNER }).waitFor();
      await page.getByRole('button', { name: 'Owner' }).click();
      await page.getByRole('menuitemradio', { name: OWNER }).click();
      await page.getByRole('cell', { name: OWNER }).waitFor();
    },
  ],
  [
    'an owner and a project, on the item',
    () => `${env}/errors/${item}`,
    async (page) => {
      await shows(main(page), [`owner ${OWNER}`]);
      await shows(shell(page), [PROJECT]);
      await shows(page.getByRole('region', { name: 'History' }), [OWNER]);
    },
  ],
  [
    'the request and the server of an occurrence',
    () => `${env}/errors/${item}`,
    async (page) => {
      await openTab(page, 'Request');
      await shows(page.getByRole('region', { name: 'Request' }), [
        REQUEST.url,
        REQUEST.method,
        evil('header'),
        evil('header value'),
        evil('agent'),
        REQUEST.query_string,
        REQUEST.user_ip,
        evil('param'),
        evil('param value'),
      ]);
      await shows(page.getByRole('region', { name: 'Server' }), [
        SERVER.host,
        SERVER.root,
        SERVER.branch,
        evil('of server'),
      ]);
      await openTab(page, 'Raw');
      await shows(main(page), [inJson(REQUEST.url), inJson(evil('header value')), inJson(evil('branch'))]);
    },
  ],
  [
    'the telemetry of an occurrence',
    () => `${env}/errors/${item}`,
    async (page) => {
      await openTab(page, /^Telemetry/u);
      await shows(main(page).getByRole('listitem'), [
        evil('log'),
        evil('kind'),
        evil('other'),
        `${evil('m')} ${evil('u')} ${evil('s')}`,
        `${evil('subtype')} ${evil('element')}`,
        `${evil('from')} → ${evil('to')}`,
      ]);
    },
  ],
  [
    'every field of a sampling rule',
    () => `${env}/sampling?rule=${encodeURIComponent(RULE.name)}`,
    async (page) => {
      const row = page.getByRole('row').filter({ hasText: RULE.name });
      await row.getByRole('button', { name: RULE.name, exact: true }).click();
      const texts = [RULE.service_name, RULE.service_type, RULE.host, RULE.http_method, RULE.url_path];
      await shows(row, texts);
      const others = page.getByRole('region', { name: 'Rules' });
      await shows(others, [...Object.entries(BY_ATTRIBUTE).flat(), BY_RESOURCE]);
      await page.getByRole('heading', { name: `${RULE.name}, last 10 min` }).waitFor();

      const asks = page.getByRole('region', { name: 'Which rule catches' });
      const [attribute = ''] = Object.keys(BY_ATTRIBUTE);
      const asked = { service: RULE.service_name, method: RULE.http_method, host: RULE.host };
      for (const [word, text] of Object.entries(asked)) await asks.getByLabel(word).fill(text);
      await asks.getByLabel('path').fill('/other');
      await shows(asks, [`path is not ${RULE.url_path}`, `(${attribute})`, `(${BY_RESOURCE})`]);
      await asks.getByLabel('path').fill(RULE.url_path);
      await shows(asks.getByRole('status'), [`${RULE.name}, priority ${RULE.priority}`]);
      const told = Object.entries({ ...asked, path: RULE.url_path });
      await shows(asks, [told.map(([word, text]) => `${word} is ${text}`).join(', ')]);

      await page.getByRole('button', { name: `Change ${RULE.name}` }).click();
      const form = page.getByRole('form', { name: `Change rule ${RULE.name}` });
      const values = await form
        .getByRole('textbox')
        .evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
      expect(values).toEqual(
        expect.arrayContaining([RULE.name, RULE.service_name, RULE.http_method, RULE.host, RULE.url_path]),
      );
      await page.getByRole('button', { name: `Delete ${RULE.name}` }).click();
      await shows(main(page), ['Delete the rule']);
      await page.getByText(`Delete ${RULE.name}? Its requests fall`).waitFor();
    },
  ],
  [
    'user, annotations, metadata and exceptions of a segment',
    () => `${target.environment}/trace/${trace.hex}?span=${SEGMENT}`,
    async (page) => {
      const panel = page.getByRole('complementary', { name: 'Selected row' });
      await shows(panel, [
        evil('user'),
        evil('annotation'),
        evil('annotation key'),
        evil('namespace'),
        inJson(evil('metadata key')),
        inJson(evil('metadata')),
        evil('segment url'),
        evil('segment agent'),
        evil('version'),
        EXCEPTION.type,
        EXCEPTION.message,
        `at ${EXCEPTION.label}(${EXCEPTION.path}: 1)`,
      ]);
      await panel.getByRole('tab', { name: 'Raw' }).click();
      await shows(panel, [inJson(evil('user')), inJson(evil('annotation key')), inJson(EXCEPTION.message)]);
    },
  ],
  [
    'a segment’s user and annotation, asked about',
    () => {
      const search = new URLSearchParams({ v: 'COUNT', g: 'user.id,annotated', t: '-1h' });
      search.set('w', `trace.trace_id = "${trace.hex}"`);
      return `${target.environment}/explore?${search}`;
    },
    (page) => shows(main(page), [evil('user'), evil('annotation')]),
  ],
];

const VIEWS: readonly Required<View>[] = [
  { theme: 'light', width: 1440, height: 900 },
  { theme: 'dark', width: 1440, height: 900 },
];

describe.each(VIEWS)('$theme', (view) => {
  it.each(places)('%s: hostile text is text', async (name, path, look) => {
    const { page, problems, close } = await visit(browser, view);
    const picture = `hostile-of-${name.replace(/\W+/gu, '-')}-${view.theme}`;
    try {
      await page.goto(`${target.url}/e/${path()}`);
      await look(page).catch(async (error: unknown) => {
        await shot(page, `${picture}-failed`);
        throw error;
      });
      // Long enough for an image that cannot load to have failed.
      await page.waitForTimeout(400);
      await shot(page, picture);
      const made =
        'main script, main img, header img, main svg[onload], header svg[onload], b:text-is("GET")';
      expect(await page.locator(made).count()).toBe(0);
      expect(await violations(page)).toEqual([]);
      expect(await beyond(page), `${view.width} wide`).toEqual([]);
      for (const width of [600, 390, 320]) {
        await page.setViewportSize({ width, height: 844 });
        // Charts are drawn anew at the next frame.
        await page.waitForTimeout(100);
        expect(await beyond(page), `${width} wide`).toEqual([]);
      }
      await shot(page, `${picture}-320`);
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});
