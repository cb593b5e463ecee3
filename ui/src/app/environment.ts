import { useSuspenseQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { sessionQuery } from '@/api/queries.ts';
import type { EnvironmentInfo } from '@/api/types.ts';

const KEY = 'foursight.environment';

/** The environment used last among those there are, else the first. */
export function lastEnvironment(slugs: readonly string[]): string | undefined {
  let last: string | null = null;
  try {
    last = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden; the first environment will do.
  }
  return last !== null && slugs.includes(last) ? last : slugs[0];
}

/** Remembers the environment for the next visit to `/`. */
export function rememberEnvironment(slug: string): void {
  try {
    localStorage.setItem(KEY, slug);
  } catch {
    // See above.
  }
}

/** The environment of the page. Its slug comes from the path, so it may name one that does not exist. */
export function useEnvironment(): { slug: string; info: EnvironmentInfo | undefined } {
  const { env } = useParams({ strict: false });
  const { data } = useSuspenseQuery(sessionQuery());
  const slug = env ?? '';
  return { slug, info: data.environments.find((one) => one.slug === slug) };
}
