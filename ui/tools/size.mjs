/** Weighs `dist` against the budget (gzip): node tools/size.mjs. Ends with 1 when something is too heavy. */
import { readdir, readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

const KB = 1000;
const budget = { shell: 220 * KB, explore: 265 * KB, css: 20 * KB, all: 700 * KB };

const dist = new URL('../dist/', import.meta.url);
const html = await readFile(new URL('index.html', dist), 'utf8');
const weights = new Map();
for (const name of await readdir(new URL('assets/', dist))) {
  weights.set(name, gzipSync(await readFile(new URL(`assets/${name}`, dist)), { level: 9 }).length);
}

/** What a script imports at its start, and all that these import. */
async function closure(names) {
  const seen = new Set();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name) || !weights.has(name)) continue;
    seen.add(name);
    const text = await readFile(new URL(`assets/${name}`, dist), 'utf8');
    for (const [, other] of text.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) open.push(other);
  }
  return seen;
}

const sum = (names) => [...names].reduce((total, name) => total + (weights.get(name) ?? 0), 0);
const entry = [...html.matchAll(/assets\/([^"']+\.js)/g)].map((match) => match[1]);
const shell = await closure(entry);
let explore;
for (const name of weights.keys()) {
  if (
    name.endsWith('.js') &&
    (await readFile(new URL(`assets/${name}`, dist), 'utf8')).includes('ExplorePage')
  ) {
    if (!shell.has(name)) explore = name;
  }
}
if (!explore) throw new Error('dist has no script of Explore: run `npm run build`');
const found = {
  shell: sum(shell),
  explore: sum(await closure([...entry, explore])),
  css: sum([...weights.keys()].filter((name) => name.endsWith('.css'))),
  all: sum(weights.keys()),
};
for (const [name, bytes] of Object.entries(found)) {
  const fits = bytes <= budget[name];
  console.log(
    `${fits ? 'ok  ' : 'OVER'} ${name.padEnd(8)} ${(bytes / KB).toFixed(1)} of ${budget[name] / KB} KB gzip`,
  );
  if (!fits) process.exitCode = 1;
}
