import type { KeyKind, Session } from './types.ts';

/** The one environment that a server with `--dev` has at its first start. */
const DEV_ENVIRONMENT = 'dev';

/** The fixed key of `--dev`, where it belongs: any other environment has keys of its own. */
export function devKey(session: Session, env: string): string | undefined {
  return env === DEV_ENVIRONMENT ? session.dev_keys?.ingest : undefined;
}

/** The fixed credential of `--dev` of that kind; an id only where it has two parts. */
export function devCredential(
  session: Session,
  env: string,
  kind: KeyKind | undefined,
): { id?: string; secret: string } | undefined {
  const fixed = env === DEV_ENVIRONMENT ? session.dev_keys : undefined;
  if (!fixed) return undefined;
  if (kind === 'signing') return { id: fixed.signing_id, secret: fixed.signing_secret };
  if (kind === 'project') return { secret: fixed.project_token };
  return kind === 'ingest' ? { secret: fixed.ingest } : undefined;
}
