import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, get, lines, post } from './client.ts';

function bytes(...chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

afterEach(() => vi.unstubAllGlobals());

describe('streamed lines', () => {
  it('are whole however the bytes come', async () => {
    const found: unknown[] = [];
    for await (const line of lines(bytes('{"a":', '1}\n{"a"', ':2}\n\n{"a":"ü', '"}'))) found.push(line);
    expect(found).toEqual([{ a: 1 }, { a: 2 }, { a: 'ü' }]);
  });

  it('close the stream when the reader stops', async () => {
    const cancel = vi.fn();
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('{}\n')),
      cancel,
    });
    for await (const _ of lines(endless)) break;
    expect(cancel).toHaveBeenCalled();
  });
});

describe('requests', () => {
  it('carry what a foreign page cannot set', async () => {
    const fetched = vi.fn(async () => new Response('{}'));
    vi.stubGlobal('fetch', fetched);
    await post('/query', {});
    const [, init] = fetched.mock.calls[0] as unknown as [string, RequestInit];
    expect((init.headers as Record<string, string>)['x-foursight-csrf']).toBe('1');
  });

  it('fail in the words of the server', async () => {
    const body = JSON.stringify({ status: 400, title: 'Invalid question', detail: 'no field x' });
    vi.stubGlobal('fetch', async () => new Response(body, { status: 400 }));
    await expect(get('/x')).rejects.toMatchObject({ status: 400, message: 'Invalid question: no field x' });
  });

  it('say when nobody answers', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('failed');
    });
    const error = await get('/x').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).offline).toBe(true);
  });
});
