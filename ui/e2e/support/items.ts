// Sends occurrences as a Rollbar SDK does.

import type { Target } from './server.ts';

export interface SentFrame {
  filename: string;
  lineno: number;
  method: string;
  code: string;
  context?: { pre: string[]; post: string[] };
  locals?: Record<string, unknown>;
}

export interface SentItem {
  type: string;
  message: string;
  level?: 'critical' | 'error' | 'warning' | 'info' | 'debug';
  frames?: readonly SentFrame[];
  version?: string;
  person?: { id: string; username: string };
  /** More of the payload, as it is. */
  more?: Record<string, unknown>;
}

const LIBRARY = '/usr/lib/python3.12/site-packages';

/** A stack in which the application stands between two libraries. */
export const FRAMES: readonly SentFrame[] = [
  { filename: `${LIBRARY}/werkzeug/serving.py`, lineno: 333, method: 'run_wsgi', code: 'execute(app)' },
  {
    filename: `${LIBRARY}/flask/app.py`,
    lineno: 2213,
    method: '__call__',
    code: 'return self.wsgi_app(env)',
  },
  {
    filename: '/app/services/home_activities.py',
    lineno: 31,
    method: 'run',
    code: '    return results[offset]',
    context: { pre: ['def run(offset):', '    results = load()'], post: ['', 'def load():'] },
    locals: { offset: 41, handle: 'andrewbrown' },
  },
];

/** Posts one item with a token; the answer is the caller's to look at. */
export function postItem(target: Target, token: string, item: SentItem): Promise<Response> {
  const { type, message, level = 'error', frames = FRAMES, version, person, more } = item;
  return fetch(`${target.url}/api/1/item/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-rollbar-access-token': token,
      'user-agent': 'pyrollbar/1.3.0',
    },
    body: JSON.stringify({
      access_token: token,
      data: {
        environment: 'production',
        level,
        language: 'python',
        framework: 'flask',
        platform: 'linux',
        timestamp: Math.floor(Date.now() / 1000),
        notifier: { name: 'pyrollbar', version: '1.3.0' },
        body: { trace: { frames, exception: { class: type, message } } },
        request: { url: 'http://localhost:4567/api/activities/home', method: 'GET', user_ip: '172.18.0.1' },
        server: { host: 'e2e-host', root: '/app' },
        ...(version === undefined ? {} : { code_version: version }),
        ...(person === undefined ? {} : { person }),
        ...more,
      },
    }),
    signal: AbortSignal.timeout(30_000),
  });
}
