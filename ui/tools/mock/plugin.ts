import type { Connect, Plugin } from 'vite';
import { answer } from './api.ts';
import { answerExplore } from './explore.ts';

/** Made-up answers in the place of a server, for work on the looks. Never part of a build. */
export function mockServer(): Plugin {
  const use = (middlewares: Connect.Server) =>
    middlewares.use('/foursight/v1', (request, response, next) => {
      if (!answerExplore(request, response)) answer(request, response, next);
    });
  return {
    name: 'foursight-mock',
    configureServer: (server) => void use(server.middlewares),
    configurePreviewServer: (server) => void use(server.middlewares),
  };
}
