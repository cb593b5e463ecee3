// Sends spans as OTLP/JSON, as any SDK could.

import { randomBytes } from 'node:crypto';
import type { Target } from './server.ts';

export interface SentSpan {
  id: string;
  parent?: string;
  name: string;
  service: string;
  /** Milliseconds after the start of the trace. */
  start: number;
  /** Milliseconds. */
  length: number;
  failed?: boolean;
  attributes?: Record<string, string | number | boolean>;
  events?: { name: string; at: number; attributes?: Record<string, string> }[];
  links?: { traceId: string; spanId: string }[];
}

export const traceId = (): string => randomBytes(16).toString('hex');
export const spanId = (): string => randomBytes(8).toString('hex');

const SPANS_A_REQUEST = 2_000;
const KINDS = { internal: 1, server: 2 };

/** Sends a trace that began `agoMs` ago. Answers once every span is acknowledged, which is: queryable. */
export async function send(
  target: Target,
  trace: string,
  spans: readonly SentSpan[],
  agoMs = 5_000,
): Promise<void> {
  const base = BigInt(Date.now() - agoMs) * 1_000_000n;
  for (let from = 0; from < spans.length; from += SPANS_A_REQUEST) {
    const body = exportOf(trace, spans.slice(from, from + SPANS_A_REQUEST), base);
    const answer = await post(`${target.otlp}/v1/traces`, body, target.key);
    if (!answer.ok) throw new Error(`OTLP answered ${answer.status}: ${await answer.text()}`);
  }
}

/** One delivery with any key; the answer is the caller's to look at. */
export function post(url: string, body: unknown, key: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-honeycomb-team': key, 'user-agent': 'e2e/1.0' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
}

export function exportOf(trace: string, spans: readonly SentSpan[], baseNs: bigint): object {
  const services = new Map<string, SentSpan[]>();
  for (const span of spans) services.set(span.service, [...(services.get(span.service) ?? []), span]);
  const at = (ms: number) => String(baseNs + BigInt(Math.round(ms * 1e6)));
  return {
    resourceSpans: [...services].map(([service, own]) => ({
      resource: { attributes: attributes({ 'service.name': service }) },
      scopeSpans: [
        {
          scope: { name: 'e2e' },
          spans: own.map((span) => ({
            traceId: trace,
            spanId: span.id,
            ...(span.parent ? { parentSpanId: span.parent } : {}),
            name: span.name,
            kind: span.parent ? KINDS.internal : KINDS.server,
            startTimeUnixNano: at(span.start),
            endTimeUnixNano: at(span.start + span.length),
            status: span.failed ? { code: 2, message: 'failed' } : {},
            attributes: attributes(span.attributes ?? {}),
            events: (span.events ?? []).map((event) => ({
              name: event.name,
              timeUnixNano: at(event.at),
              attributes: attributes(event.attributes ?? {}),
            })),
            links: span.links ?? [],
          })),
        },
      ],
    })),
  };
}

function attributes(fields: Record<string, string | number | boolean>): object[] {
  return Object.entries(fields).map(([key, value]) => ({
    key,
    value:
      typeof value === 'string'
        ? { stringValue: value }
        : typeof value === 'boolean'
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: String(value) }
            : { doubleValue: value },
  }));
}
