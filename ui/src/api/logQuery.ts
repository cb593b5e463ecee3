/** Questions over lines, in Logs Insights' language, streamed. */
import { ApiError, type CallOptions, stream } from './client.ts';
import type { LogQueryAnswer, LogQueryEvent } from './types.ts';

export interface LogAsk {
  env: string;
  groups: readonly string[];
  query: string;
  startNs: string;
  endNs: string;
}

/** Runs a question; `tell` hears each partial answer before the last. */
export async function runLogQuery(
  { env, groups, query, startNs, endNs }: LogAsk,
  tell: (answer: LogQueryAnswer) => void,
  options: CallOptions,
): Promise<LogQueryAnswer> {
  const body = { env, groups, query, start_ns: startNs, end_ns: endNs };
  for await (const event of stream<LogQueryEvent>('POST', '/logs/query', body, options)) {
    if (event.event === 'done') return event.answer;
    if (event.event === 'error') {
      throw new ApiError(event.problem.status, event.problem.title, event.problem.detail);
    }
    tell(event.answer);
  }
  throw new ApiError(0, 'The answer broke off', 'the connection closed before the last line');
}
