// The traces that the tests look at.

import { type SentSpan, spanId, traceId } from './otlp.ts';

/** One request with an error, an event, a link, a missing parent and a clock that differs. */
export function homeTrace(): {
  trace: string;
  spans: SentSpan[];
  ids: Record<'root' | 'home' | 'query' | 'lost', string>;
} {
  const ids = {
    root: spanId(),
    auth: spanId(),
    home: spanId(),
    query: spanId(),
    lost: spanId(),
    push: spanId(),
  };
  const spans: SentSpan[] = [
    {
      id: ids.root,
      name: 'GET /api/activities/home',
      service: 'e2e-backend',
      start: 0,
      length: 212,
      failed: true,
      attributes: { 'http.response.status_code': 500, 'http.route': '/api/activities/home' },
    },
    {
      id: ids.auth,
      parent: ids.root,
      name: 'auth.verify_token',
      service: 'e2e-auth',
      start: 4.5,
      length: 36,
    },
    {
      id: ids.home,
      parent: ids.root,
      name: 'home-activities-mock-data',
      service: 'e2e-backend',
      start: 44,
      length: 154,
      attributes: {
        'app.result_length': 3,
        'app.now': '2026-11-20T10:02:11.249+00:00',
        'app.handle': 'andrewbrown',
      },
      events: [
        { name: 'cache miss', at: 58 },
        {
          name: 'exception',
          at: 121,
          attributes: {
            'exception.type': 'TypeError',
            'exception.message': 'view returned None',
            'exception.stacktrace': 'Traceback\n  File "app.py", line 12',
          },
        },
      ],
      links: [{ traceId: traceId(), spanId: spanId() }],
    },
    {
      id: ids.query,
      parent: ids.home,
      name: 'Query cruddur-messages',
      service: 'e2e-dynamodb',
      start: 50,
      length: 62,
      failed: true,
    },
    { id: spanId(), parent: ids.home, name: 'late child', service: 'e2e-dynamodb', start: 180, length: 40 },
    {
      id: ids.push,
      parent: ids.lost,
      name: 'POST /notifications',
      service: 'e2e-notifications',
      start: 66,
      length: 58,
    },
  ];
  return { trace: traceId(), spans, ids };
}

/** `count` spans as a tree of four levels, some of them failed. */
export function largeTrace(count: number): { trace: string; spans: SentSpan[] } {
  const root = spanId();
  const spans: SentSpan[] = [{ id: root, name: 'GET /large', service: 'e2e-large', start: 0, length: 4_000 }];
  const heads: { id: string; start: number }[] = [];
  for (let i = 1; i < count; i += 1) {
    const head = i % 50 === 1;
    const own = spanId();
    const above = heads.at(-1);
    const start = head || !above ? (i / count) * 3_900 : above.start + ((i % 50) / 50) * 60;
    spans.push({
      id: own,
      parent: head || !above ? root : above.id,
      name: head ? `batch ${heads.length}` : `step ${i % 50}`,
      service: `e2e-large-${i % 7}`,
      start,
      length: head ? 70 : 5,
      failed: i % 997 === 0,
    });
    if (head) heads.push({ id: own, start });
  }
  return { trace: traceId(), spans };
}

/** Texts that would do harm if they were ever taken for more than text. */
export const HOSTILE = [
  '<script>pwned("script")</script>',
  '<img src=x onerror=pwned("img")>',
  '"><svg onload=pwned("svg")>',
  "javascript:pwned('url')",
  '\u001b[31mred\u001b[0m \u202Egnp.exe',
  '{{constructor.constructor("pwned(1)")()}}',
] as const;

/** A trace with hostile text in every place a sender can write. */
export function hostileTrace(): { trace: string; spans: SentSpan[]; root: string } {
  const root = spanId();
  const attributes: Record<string, string> = {};
  HOSTILE.forEach((text, i) => {
    attributes[`hostile.value.${i}`] = text;
    attributes[text] = `key ${i}`;
  });
  const spans: SentSpan[] = HOSTILE.map((text, i) => ({
    id: i === 0 ? root : spanId(),
    ...(i === 0 ? {} : { parent: root }),
    name: text,
    service: `e2e-hostile ${text}`.slice(0, 200),
    start: i * 5,
    length: 40,
    failed: i % 2 === 0,
    attributes,
    events: [
      {
        name: text,
        at: i * 5 + 2,
        attributes: { 'exception.message': text, 'exception.stacktrace': `${text}\n${text}` },
      },
    ],
    links: [{ traceId: traceId(), spanId: spanId() }],
  }));
  return { trace: traceId(), spans, root };
}
