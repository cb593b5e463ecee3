import type { Connect } from 'vite';
import { arrivals, live } from './arrivals.ts';
import { request as merged, row, trace } from './trace.ts';

const session = {
  dev: true,
  token_required: false,
  authorized: true,
  version: '0.1.0',
  environments: [
    { slug: 'bootcamp', name: 'bootcamp', color: 'purple' },
    { slug: 'production', name: 'production', color: 'red' },
  ],
  dev_keys: { ingest: 'fsdev_ingest_key_000000', configuration: 'fsdevconfigkey00000000' },
  listen: { http: '127.0.0.1:8080', otlp_grpc: '127.0.0.1:4317', otlp_http: '127.0.0.1:4318' },
  health: { state: 'ok', reasons: [] },
};

/** Answers under `/foursight/v1`. */
export const answer: Connect.NextHandleFunction = (request, response, next) => {
  const json = (body: unknown, status = 200) => {
    response.statusCode = status;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
  const path = (request.url ?? '').split('?')[0];
  if (path === '/session') return json(session);
  if (path === '/links') return json({ id: 'abc' });
  if (/\/keys$/u.test(path ?? '') && request.method === 'POST')
    return json({ key: {}, secret: 'fs_in_3k7Qw9ZpX2mT8vB5nR1sL6dF4hJ0cY7uA3gE9kW2qM5' });
  if (path === '/arrivals')
    return json(arrivals(new URL(request.url ?? '', 'http://mock').searchParams.get('outcome')));
  if (path === '/arrivals/live') {
    response.setHeader('content-type', 'application/x-ndjson');
    const stop = live((event) => response.write(`${JSON.stringify(event)}\n`));
    response.on('close', stop);
    return;
  }
  if (path === '/request') return json(merged());
  const oneRow = /\/rows\/([0-9a-f]+)$/u.exec(path ?? '')?.[1];
  if (oneRow) return json(row(oneRow));
  const oneTrace = /\/traces\/([^/]+)$/u.exec(path ?? '')?.[1];
  if (oneTrace) return json(trace(oneTrace));
  next();
};
