// One server for all files: a demo of our own, or the one that FOURSIGHT_URL names.

import type { TestProject } from 'vitest/node';
import { startDemo, type Target, type Truth, targetOf } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    target: Target;
    /** The binary, when there is one to start more servers from. */
    binary: string;
  }
}

const SEED = 7;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = process.env.FOURSIGHT_URL;
  const binary = process.env.FOURSIGHT_BIN ?? '';
  project.provide('binary', binary);
  if (url) {
    const truth = process.env.FOURSIGHT_TRUTH;
    const target = await targetOf(
      url.replace(/\/$/u, ''),
      truth ? (JSON.parse(truth) as Truth) : undefined,
      // It may have run for long; nothing waits for its traffic.
      Date.now() - 120_000,
    );
    project.provide('target', target);
    return async () => {};
  }
  if (!binary) {
    throw new Error(
      'set FOURSIGHT_BIN to the binary to be tested, or FOURSIGHT_URL to a running “foursight demo” ' +
        '(and FOURSIGHT_TRUTH to the JSON it prints as “demo truth”)',
    );
  }
  const { target, stop } = await startDemo(binary, SEED);
  project.provide('target', target);
  return stop;
}
