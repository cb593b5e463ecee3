// A query is saved in Explore, found again after a reload, and its link shows a colleague the same answer; what people
// write into names stays text.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  launch,
  type SentSpan,
  send,
  shot,
  spanId,
  traceId,
  type View,
  violations,
  visit,
} from './support/index.ts';
import { beyond } from './support/wide.ts';

const target = inject('target');
const run = randomBytes(3).toString('hex');
const SERVICE = `e2e-saved-${run}`;
const PLACE = `${target.url}/foursight/v1/environments/${target.environment}/saved_queries`;
const SLOW = `Slow routes of ${run}`;
const HOSTILE = `<img src=x onerror=pwned("name")> \u202E${'שלום '.repeat(3)}${'long'.repeat(30)} ${run}`;
const WHY = `"><svg onload=pwned("description")>\nsecond line`;
const GROUPED = `ds=${SERVICE}&v=COUNT,MAX(duration_ms)&g=name&t=-10m`;
let browser: Browser;

const explore = (search: string) => `${target.url}/e/${target.environment}/explore?${search}`;

function span(name: string, length: number, start = 0): SentSpan {
  return { id: spanId(), name, service: SERVICE, start, length };
}

/** Cells of the table of results, without the swatch and the sparkline. */
async function table(page: Page): Promise<string[][]> {
  const panel = page.getByRole('tabpanel', { name: /^Results/u });
  await panel.getByText(/^TOTAL of/u).waitFor();
  const rows = await panel.getByRole('row').all();
  const cells = await Promise.all(rows.map((row) => row.getByRole('cell').allInnerTexts()));
  return cells.filter((row) => row.length > 0).map((row) => row.map((cell) => cell.trim()).filter(Boolean));
}

async function save(fields: object): Promise<string> {
  const answer = await fetch(PLACE, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fields),
  });
  if (answer.status !== 201) throw new Error(`saving answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { id: string }).id;
}

/** Deletes a data set, as a team does by Honeycomb's API. */
async function drop(dataset: string): Promise<void> {
  const session = (await (await fetch(`${target.url}/foursight/v1/session`)).json()) as {
    dev_keys: { configuration: string };
  };
  const ask = (method: string, body?: object) =>
    fetch(`${target.url}/1/datasets/${dataset}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-honeycomb-team': session.dev_keys.configuration },
      body: body ? JSON.stringify(body) : null,
    });
  const freed = await ask('PUT', { settings: { delete_protected: false } });
  const gone = await ask('DELETE');
  if (!freed.ok || !gone.ok) throw new Error(`deleting answered ${freed.status}, ${gone.status}`);
}

const list = (page: Page) => page.getByRole('dialog', { name: 'Saved queries' });
const row = (page: Page, name: string) => list(page).getByRole('listitem').filter({ hasText: name });
const openList = (page: Page) => page.getByRole('button', { name: /^Saved queries/u }).click();

beforeAll(async () => {
  browser = await launch();
  await send(target, traceId(), [
    span('GET /home', 20),
    span('GET /home', 40, 10),
    span('GET /home', 30, 20),
    span('GET /search', 900, 30),
  ]);
});
afterAll(async () => {
  await browser?.close();
});

describe('a query', () => {
  it('is saved, opened from the list, and its link shows another the same answer', async () => {
    const mine = await visit(browser);
    const theirs = await visit(browser);
    try {
      const { page } = mine;
      await page.goto(explore(GROUPED));
      const before = await table(page);
      // Three and one, sent above; groups come in the order of COUNT.
      expect(before).toEqual([
        ['GET /home', '3', '40'],
        ['GET /search', '1', '900'],
        ['TOTAL of 2 groups, none left out', '4', '900'],
      ]);

      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('Asks about the last 10 min whenever it is opened.').waitFor();
      await page.getByLabel('Name', { exact: true }).fill(SLOW);
      await page.getByLabel(/^Description/u).fill('which of them, and how slow');
      await page.getByRole('button', { name: 'Save query' }).click();
      const crumb = page.getByRole('banner').getByText(SLOW);
      await crumb.waitFor();

      // From another question, after a reload: by its name.
      await page.goto(explore(`ds=${SERVICE}&v=COUNT&t=-1h`));
      await page.getByRole('button', { name: /^Saved queries/u }).waitFor();
      expect(await crumb.count()).toBe(0);
      await openList(page);
      await row(page, SLOW).getByText('which of them, and how slow').waitFor();
      await row(page, SLOW).getByRole('link', { name: SLOW }).click();
      await crumb.waitFor();
      expect(new URL(page.url()).searchParams.get('t')).toBe('-10m');
      expect(await table(page)).toEqual(before);

      await page.getByRole('button', { name: 'Copy link' }).click();
      await page.getByRole('button', { name: 'Link copied' }).waitFor();
      const link = await page.evaluate(() => navigator.clipboard.readText());
      expect(link).toMatch(new RegExp(`^${target.url}/l/[0-9A-Za-z]{11}$`, 'u'));

      // What comes later is in the saved query, which looks back from now, and not in the link.
      await send(target, traceId(), [span('GET /later', 5)], 0);
      await page.reload();
      await page.getByRole('tabpanel').getByText('GET /later').waitFor();

      await theirs.page.goto(link);
      await theirs.page.waitForURL(/\/explore\?/u);
      expect(await table(theirs.page)).toEqual(before);
      const t = new URL(theirs.page.url()).searchParams.get('t');
      expect(t).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\.\.\d{4}-\d\d-\d\dT[\d:.]+Z$/u);
      const [from, to] = (t ?? '').split('..').map(Date.parse);
      expect(Number(to) - Number(from)).toBe(600_000);
      // The same place has the same link.
      await theirs.page.keyboard.press('y');
      await theirs.page.getByRole('button', { name: 'Link copied' }).waitFor();
      expect(await theirs.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
      expect([...mine.problems, ...theirs.problems]).toEqual([]);
    } finally {
      await mine.close();
      await theirs.close();
    }
  });

  it('is renamed, asked otherwise under its name, and deleted', async () => {
    const [first, second] = [`first ${run}`, `second ${run}`];
    await save({ name: first, dataset: SERVICE, query: { time_range: 600 } });
    await save({ name: `${second} taken`, dataset: SERVICE, query: { time_range: 600, limit: 3 } });
    const { page, problems, close } = await visit(browser);
    try {
      await page.goto(explore(GROUPED));
      await openList(page);
      await row(page, first)
        .getByRole('button', { name: `Rename ${first}` })
        .click();
      const form = list(page).getByRole('form');
      await form.getByLabel('Name', { exact: true }).fill(`${second} taken`);
      await form.getByRole('button', { name: 'Rename' }).click();
      await form.getByRole('alert').filter({ hasText: 'already' }).waitFor();
      await form.getByLabel('Name', { exact: true }).fill(second);
      await form.getByRole('button', { name: 'Rename' }).click();
      const renamed = list(page).getByRole('link', { name: second, exact: true });
      await renamed.waitFor();
      expect(await row(page, first).count()).toBe(0);
      await page.keyboard.press('Escape');

      // The same name for another question: it is replaced, not doubled.
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByLabel('Name', { exact: true }).fill(second);
      await page.getByText('There is one of this name: it will ask this instead.').waitFor();
      await page.getByRole('button', { name: 'Replace' }).click();
      await page.getByRole('banner').getByText(second).waitFor();
      await openList(page);
      expect(await renamed.count()).toBe(1);
      await row(page, second).getByText('group by name').waitFor();

      await list(page)
        .getByRole('button', { name: `Delete ${second}`, exact: true })
        .click();
      await list(page).getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
      await renamed.waitFor({ state: 'detached' });
      expect(await page.getByRole('banner').getByText(second).count()).toBe(0);
      await list(page)
        .getByRole('link', { name: `${second} taken` })
        .waitFor();
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });

  it('that the builder cannot show, or whose data set is gone, says so', async () => {
    const wide = `buckets of ${run}`;
    await save({ name: wide, dataset: SERVICE, query: { granularity: 60 } });
    const gone = `gone-${run}`;
    await send(target, traceId(), [{ ...span('GET /gone', 5), service: gone }]);
    await save({ name: `of ${gone}`, dataset: gone, query: {} });
    await drop(gone);
    const { page, problems, close } = await visit(browser);
    try {
      await page.goto(explore(GROUPED));
      await openList(page);
      await row(page, wide)
        .getByText('It asks for a width of time buckets, which the builder cannot show.')
        .waitFor();
      expect(await row(page, wide).getByRole('link').count()).toBe(0);
      // It can still be opened: the data set may come again.
      await row(page, `of ${gone}`).getByText(`there is no data set \`${gone}\``).waitFor();
      await row(page, `of ${gone}`).getByRole('link').click();
      await page.getByText(`Nothing has arrived in “${gone}” yet`).waitFor();
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});

describe('names and descriptions', () => {
  const views: View[] = [
    { theme: 'light', width: 1440, height: 900 },
    { theme: 'dark', width: 1440, height: 900 },
    { theme: 'light', width: 390, height: 844 },
    { theme: 'dark', width: 390, height: 844 },
  ];
  it.each(views)('are text, fit and are accessible, $theme $width', async (view) => {
    const id = await save({
      name: HOSTILE,
      description: WHY,
      dataset: SERVICE,
      query: { time_range: 600, breakdowns: ['name'] },
    });
    const { page, problems, close } = await visit(browser, view);
    const look = async (what: string) => {
      expect(await violations(page), what).toEqual([]);
      expect(await beyond(page), what).toEqual([]);
      await shot(page, `explore-${what}-${view.theme}-${view.width}`);
    };
    try {
      await page.goto(explore(`ds=${SERVICE}&v=COUNT&g=name&t=-10m`));
      await page.getByText(/^TOTAL of/u).waitFor();
      // Whatever is shown first, the question is known as what it was saved as.
      if (view.width === 1440) await page.getByRole('banner').getByText(HOSTILE.slice(0, 30)).waitFor();
      await look('saved');
      await openList(page);
      const own = row(page, HOSTILE.slice(0, 30));
      await own.getByText('second line').waitFor();
      await look('saved-list');
      await own.getByRole('button', { name: /^Delete/u }).click();
      await list(page).getByRole('alertdialog').waitFor();
      await look('saved-delete');
      await list(page).getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
      await own.getByRole('button', { name: /^Rename/u }).click();
      expect(await list(page).getByLabel('Name', { exact: true }).inputValue()).toBe(HOSTILE);
      await look('saved-rename');
      await page.keyboard.press('Escape');
      await list(page).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByLabel('Name', { exact: true }).fill(HOSTILE);
      await page.getByText('There is one of this name').waitFor();
      await look('saved-form');
      // Whatever would run late.
      await sleep(100);
      expect(problems).toEqual([]);
    } finally {
      await close();
      await fetch(`${PLACE}/${id}`, { method: 'DELETE' });
    }
  });
});

describe('a box on the heatmap', () => {
  it('is zoomed into: its time frame is asked, and nothing else', async () => {
    const service = `e2e-zoom-${run}`;
    const of = (name: string, length: number, start: number): SentSpan => ({
      ...span(name, length, start),
      service,
    });
    // Eight minutes ago and two minutes ago.
    await send(target, traceId(), [of('early', 10, 0), of('early', 10, 50), of('early', 10, 90)], 480_000);
    await send(target, traceId(), [of('late', 30, 0), of('late', 60, 50)], 120_000);
    const { page, problems, close } = await visit(browser);
    try {
      await page.goto(
        explore(
          `ds=${service}&v=${encodeURIComponent('HEATMAP(duration_ms),P90(duration_ms),COUNT')}&g=name&t=-10m`,
        ),
      );
      // The name and the count of each group.
      const names = async () => (await table(page)).map((cells) => cells.slice(0, 1).concat(cells.slice(-1)));
      expect((await names()).slice(0, -1).sort()).toEqual([
        ['early', '3'],
        ['late', '2'],
      ]);
      const plane = page.getByRole('application', { name: /^Heatmap of/u });
      const box = await plane.boundingBox();
      if (!box) throw new Error('the heatmap is not on the page');
      // The right half: the last five minutes.
      await page.mouse.move(box.x + box.width * 0.55, box.y + 4);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width - 2, box.y + box.height - 4, { steps: 6 });
      await page.mouse.up();
      await page.getByRole('button', { name: /^Zoom/u }).click();
      await page.waitForURL(/[?&]t=\d{4}-/u);
      await page.getByText('TOTAL of 1 group,').waitFor();
      expect((await names())[0]).toEqual(['late', '2']);
      const [from, to] = (new URL(page.url()).searchParams.get('t') ?? '').split('..').map(Date.parse);
      const ago = (ms: number | undefined) => Math.round((Date.now() - Number(ms)) / 60_000);
      expect([ago(from), ago(to)]).toEqual([expect.closeTo(5, -1), expect.closeTo(0, -1)]);
      // Back is the whole picture again.
      await page.keyboard.press('z');
      await page.getByText('TOTAL of 2 groups,').waitFor();
      expect(new URL(page.url()).searchParams.get('t')).toBe('-10m');
      expect(problems).toEqual([]);
    } finally {
      await close();
    }
  });
});
