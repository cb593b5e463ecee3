/**
 * The one place that talks to the server. Paths and types come from `api.gen.ts`; nothing else calls `fetch`.
 */

const BASE = '/foursight/v1';

/** A problem as the server words it (RFC 9457), or a network failure in the same shape. */
export class ApiError extends Error {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The request's id in the server's log, when it sent one. */
  readonly requestId: string | undefined;

  constructor(status: number, title: string, detail?: string, requestId?: string) {
    super(detail && detail !== title ? `${title}: ${detail}` : title);
    this.name = 'ApiError';
    this.status = status;
    this.requestId = requestId;
  }

  /** No server answered, or a proxy before it said so: asking again may help. */
  get offline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

type Params = Record<string, string | number | undefined>;

/** `GET path?params`. `path` begins behind `/foursight/v1`; use {@link segment} for parts from data. */
export async function get<T>(path: string, params: Params = {}, options: CallOptions = {}): Promise<T> {
  const answer = await send('GET', withParams(path, params), undefined, options, 'application/json');
  return (await answer.json()) as T;
}

/** Like {@link get}, but the JSON as it came: a worker reads large answers. */
export async function getText(path: string, params: Params = {}, options: CallOptions = {}): Promise<string> {
  const answer = await send('GET', withParams(path, params), undefined, options, 'application/json');
  return answer.text();
}

function withParams(path: string, params: Params): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined) search.set(key, String(value));
  }
  const query = search.toString();
  return query ? `${path}?${query}` : path;
}

/** `POST path` with a JSON body; an empty answer is `undefined`. */
export async function post<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  const answer = await send('POST', path, body, options, 'application/json');
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** `PATCH path` with a JSON body: only what it names is changed. */
export async function patch<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  const answer = await send('PATCH', path, body, options, 'application/json');
  return (await answer.json()) as T;
}

/** `PUT path` with a JSON body. */
export async function put<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  const answer = await send('PUT', path, body, options, 'application/json');
  return (await answer.json()) as T;
}

/** `DELETE path`. */
export async function remove(path: string, options: CallOptions = {}): Promise<void> {
  await send('DELETE', path, undefined, options, 'application/json');
}

/**
 * Lines of an NDJSON answer as they come. Ending the loop, or aborting the signal, closes the stream,
 * which stops the work on the server.
 */
export async function* stream<T>(
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  options: CallOptions = {},
): AsyncGenerator<T, void, undefined> {
  const answer = await send(method, path, body, options, 'application/x-ndjson');
  if (!answer.body) return;
  yield* lines<T>(answer.body);
}

/** Splits a byte stream into JSON lines. */
export async function* lines<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        const line = rest.slice(0, end).trim();
        rest = rest.slice(end + 1);
        if (line) yield JSON.parse(line) as T;
      }
      if (done) break;
    }
    if (rest.trim()) yield JSON.parse(rest) as T;
  } finally {
    // Also runs when the consumer stops early: an open stream would keep the server working.
    await reader.cancel().catch(() => undefined);
  }
}

/** Escapes one path segment. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

async function send(
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
  path: string,
  body: unknown,
  options: CallOptions,
  accept: string,
): Promise<Response> {
  const headers: Record<string, string> = { accept };
  if (body !== undefined) headers['content-type'] = 'application/json';
  // A foreign page cannot set this header: the session cookie alone must never authorize a write.
  if (method !== 'GET') headers['x-foursight-csrf'] = '1';
  let answer: Response;
  try {
    answer = await fetch(BASE + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: options.signal ?? null,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'The server does not answer', 'it may be stopped, or the network is down');
  }
  if (!answer.ok) throw await problem(answer);
  return answer;
}

async function problem(answer: Response): Promise<ApiError> {
  const id = answer.headers.get('x-request-id') ?? undefined;
  const fallback = `The server answered ${answer.status} ${answer.statusText}`.trim();
  try {
    const body: unknown = await answer.json();
    if (typeof body === 'object' && body !== null) {
      const { title, detail } = body as { title?: unknown; detail?: unknown };
      return new ApiError(
        answer.status,
        typeof title === 'string' ? title : fallback,
        typeof detail === 'string' ? detail : undefined,
        id,
      );
    }
  } catch {
    // No JSON: a proxy in between, say. The status has to do.
  }
  return new ApiError(answer.status, fallback, undefined, id);
}
