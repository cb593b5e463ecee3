import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { mockServer } from './tools/mock/plugin.ts';

/** Where `npm run dev` finds a running server; with FOURSIGHT_MOCK=1 made-up answers stand in for it. */
const server = process.env.FOURSIGHT_URL ?? 'http://127.0.0.1:8080';
const mock = process.env.FOURSIGHT_MOCK === '1';

export default defineConfig({
  plugins: [react(), ...(mock ? [mockServer()] : [])],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2023',
    // Data URLs and the preload polyfill would need holes in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The pages' rules are much alike: packed together they weigh two thirds, and no page waits for a sheet of its own.
    cssCodeSplit: false,
    chunkSizeWarningLimit: 900,
  },
  server: {
    host: '127.0.0.1',
    ...(mock ? {} : { proxy: { '/foursight': { target: server, changeOrigin: false } } }),
  },
  // The server's own policy, so that a breach shows before it ships.
  preview: {
    headers: {
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types foursight-worker",
    },
    host: '127.0.0.1',
    ...(mock ? {} : { proxy: { '/foursight': { target: server, changeOrigin: false } } }),
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'], css: false },
});
