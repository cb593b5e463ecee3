// Sends segments as AWS's SDKs do: a datagram each, to the port of the daemon.

import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './server.ts';

/** An X-Ray trace id of the second `atMs` lies in, and the same as 32 hex digits. */
export function xrayTraceId(atMs: number): { id: string; hex: string } {
  const hex = (length: number) =>
    Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join('');
  const [time, rest] = [
    Math.floor(atMs / 1000)
      .toString(16)
      .padStart(8, '0'),
    hex(24),
  ];
  return { id: `1-${time}-${rest}`, hex: time + rest };
}

/** Sends documents, and waits until the last one's trace can be asked for. */
export async function sendSegments(target: Target, documents: readonly object[], hex: string): Promise<void> {
  const session = (await (await fetch(`${target.url}/foursight/v1/session`)).json()) as {
    listen: { xray: string };
  };
  const [host = '127.0.0.1', port] = session.listen.xray.split(':');
  const socket = createSocket('udp4');
  try {
    for (const document of documents) {
      const text = `{"format": "json", "version": 1}\n${JSON.stringify(document)}`;
      await new Promise<void>((resolve, reject) => {
        socket.send(text, Number(port), host, (error) => (error ? reject(error) : resolve()));
      });
    }
  } finally {
    socket.close();
  }
  const path = `${target.url}/foursight/v1/environments/${target.environment}/traces/${hex}`;
  for (const until = Date.now() + 10_000; ; await sleep(50)) {
    if ((await fetch(path)).ok) return;
    if (Date.now() > until) throw new Error('the segments did not arrive within 10 s');
  }
}
