import type { Session } from './types.ts';

/** The one environment that a server with `--dev` has at its first start. */
const DEV_ENVIRONMENT = 'dev';

/** The fixed key of `--dev`, where it belongs: any other environment has keys of its own. */
export function devKey(session: Session, env: string): string | undefined {
  return env === DEV_ENVIRONMENT ? session.dev_keys?.ingest : undefined;
}
