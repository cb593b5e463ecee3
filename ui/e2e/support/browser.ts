// The system's Chromium, and pages that remember everything that went wrong on them.

import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const ACTION_WITHIN_MS = 15_000;
const PAGE_WITHIN_MS = 30_000;

/** Pictures for people to look at; not kept in the repository. */
const SHOTS = fileURLToPath(new URL('../shots/', import.meta.url));

export async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: install Chromium or set CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS, timeout: PAGE_WITHIN_MS });
}

export interface View {
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** A page of its own, without anything stored. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors, failed policies, dialogs: whatever must not happen. */
  problems: string[];
  close: () => Promise<void>;
}

export async function visit(browser: Browser, view: View = {}): Promise<Visit> {
  const { theme = 'light', width = 1440, height = 900 } = view;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
    acceptDownloads: true,
  });
  context.setDefaultTimeout(ACTION_WITHIN_MS);
  context.setDefaultNavigationTimeout(PAGE_WITHIN_MS);
  const problems: string[] = [];
  await context.exposeBinding('reportProblem', (_, text: string) => {
    problems.push(text);
  });
  await context.addInitScript((chosen) => {
    localStorage.setItem('foursight.theme', chosen);
    const report = (globalThis as unknown as { reportProblem: (text: string) => void }).reportProblem;
    document.addEventListener('securitypolicyviolation', (event) => {
      report(`policy ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
    });
    // What hostile data tries to call.
    Object.defineProperty(globalThis, 'pwned', { value: (what: string) => report(`script ran: ${what}`) });
  }, theme);
  const page = await context.newPage();
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // The browser's own note of an HTTP error; the page has to show that one, not to hide it.
    const expected = /status of 4\d\d|net::ERR_/u.test(message.text());
    if (message.type() === 'error' && !expected) problems.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, problems, close: () => context.close() };
}

export async function shot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}${name}.png` });
}
