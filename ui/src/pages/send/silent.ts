// Why the other three stay silent.

import type { Check } from './model.ts';

/** What keeps each of the three from coming, most frequent first. */
export const SILENT: Readonly<Record<'xray' | 'logs' | 'rollbar', readonly Check[]>> = {
  xray: [
    { title: 'The port is mapped for TCP only', text: 'map 2000:2000/udp and 2000:2000/tcp' },
    { title: 'The sampler drops most', text: 'a rule with fixed rate 0 keeps nothing: look at Sampling' },
    { title: 'The recorder is off', text: 'unset AWS_XRAY_SDK_ENABLED=false' },
    {
      title: 'The segment is never ended',
      text: 'the middleware ends it with the response; by hand call end_segment()',
    },
  ],
  logs: [
    {
      title: 'AWS_ENDPOINT_URL_LOGS is not a variable of the SDKs',
      text: 'use AWS_ENDPOINT_URL_CLOUDWATCH_LOGS, or AWS_ENDPOINT_URL for all services',
    },
    { title: 'The SDK is old', text: 'AWS_ENDPOINT_URL needs boto3 1.28 or newer' },
    {
      title: 'Lines wait in a queue',
      text: 'watchtower sends every minute or at exit: logging.shutdown() flushes',
    },
    { title: 'The clock is off', text: 'a signature is good for five minutes' },
  ],
  rollbar: [
    { title: 'The address lacks its end', text: 'for Python and Go it ends in /api/1/, with the slash' },
    { title: 'It sends in a thread', text: 'a short program calls rollbar.wait() before it ends' },
    { title: 'It is switched off', text: 'look for enabled=False, and for ignored exceptions' },
  ],
};
