// The servers of all files: a quiet one for most, two demos whose minute passes meanwhile; or the demo that
// FOURSIGHT_URL names, for everything.

import type { TestProject } from 'vitest/node';
import { type Running, startDemo, startQuiet, type Target, type Truth, targetOf } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    target: Target;
    /** Demos with seeds of their own. */
    demos: Target[];
  }
}

const SEEDS = [7, 1234];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env.FOURSIGHT_URL;
  const binary = process.env.FOURSIGHT_BIN;
  if (url) {
    const truth = process.env.FOURSIGHT_TRUTH;
    // It may have run for long; nothing waits for its traffic.
    const startedMs = Date.now() - 120_000;
    const parsed = truth ? (JSON.parse(truth) as Truth) : undefined;
    const target = await targetOf(url.replace(/\/$/u, ''), parsed, startedMs);
    project.provide('target', target);
    project.provide('demos', parsed ? [target] : []);
    return async () => {};
  }
  if (!binary) {
    throw new Error(
      'set FOURSIGHT_BIN to the binary to be tested, or FOURSIGHT_URL to a running “foursight demo” ' +
        '(and FOURSIGHT_TRUTH to the JSON it prints as “demo truth”)',
    );
  }
  const running: Running[] = [];
  const stop = async () => {
    await Promise.all(running.map((one) => one.stop()));
  };
  try {
    const starts = [startQuiet(binary), ...SEEDS.map((seed) => startDemo(binary, seed))];
    for (const one of await Promise.allSettled(starts)) {
      if (one.status === 'fulfilled') running.push(one.value);
      else throw one.reason;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const [target, ...demos] = running.map((one) => one.target);
  if (!target) throw new Error('no server was started');
  await checkBundle(target.url);
  project.provide('target', target);
  project.provide('demos', demos);
  return stop;
}

/** The binary must hold the real pages: one that was built without them would fail every test obscurely. */
async function checkBundle(url: string): Promise<void> {
  const answer = await fetch(url, { headers: { accept: 'text/html' }, signal: AbortSignal.timeout(10_000) });
  const html = await answer.text();
  if (!/<script[^>]+src="\/assets\/[^"]+\.js"/u.test(html)) {
    throw new Error(`${url} does not serve the UI: the binary was built without it`);
  }
}
