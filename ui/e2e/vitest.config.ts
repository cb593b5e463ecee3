import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { DemoFirst } from './support/order.ts';

/** Browser tests against a real server. One file after the other: they share its data and the machine. */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { alias: { '@': fileURLToPath(new URL('../src', import.meta.url)) } },
  test: {
    include: ['e2e/**/*.e2e.ts'],
    environment: 'node',
    globalSetup: ['e2e/support/setup.ts'],
    fileParallelism: false,
    sequence: { sequencer: DemoFirst },
    // A server that died fails every test after it, slowly.
    bail: 16,
    testTimeout: 60_000,
    hookTimeout: 90_000,
    teardownTimeout: 20_000,
  },
});
