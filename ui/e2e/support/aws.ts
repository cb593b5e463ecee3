// Calls of CloudWatch Logs, signed as AWS's SDKs sign them (Signature Version 4), with the fixed key of --dev.

import { createHash, createHmac } from 'node:crypto';

const ID = 'AKIAFOURSIGHTDEV0000';
const SECRET = 'foursight/dev/secret/not/for/production';
const REGION = 'us-east-1';
const TYPE = 'application/x-amz-json-1.1';

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** One operation of the service; its answer as JSON. */
export async function logsCall(url: string, operation: string, input: unknown): Promise<unknown> {
  const { host } = new URL(url);
  const body = JSON.stringify(input);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/gu, '');
  const scope = `${stamp.slice(0, 8)}/${REGION}/logs/aws4_request`;
  const target = `Logs_20140328.${operation}`;
  const signed = 'content-type;host;x-amz-date;x-amz-target';
  const canonical = `POST\n/\n\ncontent-type:${TYPE}\nhost:${host}\nx-amz-date:${stamp}\nx-amz-target:${target}\n\n${signed}\n${sha(body)}`;
  const key = [stamp.slice(0, 8), REGION, 'logs', 'aws4_request'].reduce<string | Buffer>(
    (last, part) => mac(last, part),
    `AWS4${SECRET}`,
  );
  const signature = mac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha(canonical)}`).toString('hex');
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': TYPE,
      'x-amz-date': stamp,
      'x-amz-target': target,
      authorization: `AWS4-HMAC-SHA256 Credential=${ID}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
    },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${operation}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** Makes a group with one stream and puts lines a millisecond apart, the last one now. */
export async function putLines(url: string, group: string, lines: readonly string[]): Promise<void> {
  const stream = { logGroupName: group, logStreamName: 'backend-flask/1' };
  await logsCall(url, 'CreateLogGroup', { logGroupName: group });
  await logsCall(url, 'CreateLogStream', stream);
  await addLines(url, group, lines);
}

/** Puts lines to the stream of {@link putLines}. */
export async function addLines(url: string, group: string, lines: readonly string[]): Promise<void> {
  const now = Date.now();
  await logsCall(url, 'PutLogEvents', {
    logGroupName: group,
    logStreamName: 'backend-flask/1',
    logEvents: lines.map((message, i) => ({ timestamp: now - lines.length + 1 + i, message })),
  });
}
