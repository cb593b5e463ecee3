/**
 * Weighs a built UI against the budget (gzip): node tools/size.mjs [dist]. Ends with 1 when something is too heavy.
 * Shell is what every page loads, Explore all that this page loads, the map its own script with its worker, CSS every
 * style sheet, all whatever is embedded in the binary.
 */
import { readdir, readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const budget = { shell: 220 * KB, explore: 265 * KB, map: 25 * KB, css: 20 * KB, all: 700 * KB };

const dist = process.argv[2] ? pathToFileURL(`${process.argv[2]}/`) : new URL('../dist/', import.meta.url);
const html = await readFile(new URL('index.html', dist), 'utf8');
const weights = new Map();
const scripts = new Map();
for (const name of await readdir(new URL('assets/', dist))) {
  const bytes = await readFile(new URL(`assets/${name}`, dist));
  weights.set(name, gzipSync(bytes, { level: 9 }).length);
  if (name.endsWith('.js')) scripts.set(name, bytes.toString('utf8'));
}

const IMPORT = /(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/gu;
const WORKER = /["'`](?:\/assets\/)?([^"'`/]*worker[^"'`/]*\.js)["'`]/gu;

/** What a script imports at its start, and all that these import. */
function closure(names) {
  const seen = new Set();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const text = scripts.get(name);
    if (text === undefined || seen.has(name)) continue;
    seen.add(name);
    for (const [, other] of text.matchAll(IMPORT)) open.push(other);
  }
  return seen;
}

const entry = [...html.matchAll(/assets\/([^"']+\.js)/gu)].map((match) => match[1]);
const shell = closure(entry);

/** The script of a page, which the shell loads by the name of its component. */
function page(component) {
  const found = [...scripts].find(([name, text]) => !shell.has(name) && text.includes(component))?.[0];
  if (found === undefined) throw new Error(`no script of ${component} is built: run \`npm run build\``);
  return found;
}

const sum = (names) => [...names].reduce((total, name) => total + (weights.get(name) ?? 0), 0);
const map = page('MapPage');
const worker = [...scripts.get(map).matchAll(WORKER)]
  .map((match) => match[1])
  .filter((name) => weights.has(name));
if (worker.length !== 1) throw new Error('the worker of the map is not found in its script');
const found = {
  shell: sum(shell),
  explore: sum(closure([...entry, page('ExplorePage')])),
  map: sum([map, ...worker]),
  css: sum([...weights.keys()].filter((name) => name.endsWith('.css'))),
  all: sum(weights.keys()),
};
if (found.css === 0) throw new Error('no style sheet is built');
for (const [name, bytes] of Object.entries(found)) {
  const fits = bytes <= budget[name];
  console.log(
    `${fits ? 'ok  ' : 'OVER'} ${name.padEnd(8)} ${(bytes / KB).toFixed(1)} of ${budget[name] / KB} KB gzip`,
  );
  if (!fits) process.exitCode = 1;
}
