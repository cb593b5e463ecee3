/** Pictures of a page: node tools/shot.mjs <url> <out.png> [width] [height] [light|dark] [script-file]. */
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const [url, out, width = '1440', height = '900', theme = 'light', script] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const page = await browser.newPage({
  viewport: { width: Number(width), height: Number(height) },
  colorScheme: theme,
});
page.on('console', (message) => {
  if (message.type() === 'error' || message.type() === 'warning')
    console.log(message.type(), message.text().slice(0, 600));
});
page.on('pageerror', (error) => console.log('pageerror', error.message, error.stack?.slice(0, 600)));
await page.goto(url, { waitUntil: 'networkidle' });
if (script) {
  const run = new Function('page', `return (async () => { ${await readFile(script, 'utf8')} })()`);
  const result = await run(page);
  if (result !== undefined) console.log(result);
  await page.waitForTimeout(500);
}
await page.screenshot({ path: out });
await browser.close();
