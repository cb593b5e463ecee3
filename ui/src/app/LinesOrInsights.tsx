import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';

/** The two ways to look at a log group; each keeps group and time. */
export function LinesOrInsights({
  env,
  group,
  t,
}: {
  env: string;
  group: string | undefined;
  t: string | undefined;
}) {
  // Whatever else is in the address belongs to one of the pages alone.
  const here = { activeOptions: { includeSearch: false }, search: { group, t } };
  return (
    <nav className="seg" aria-label="Ways to look at lines">
      <Link {...paths.logs(env)} {...here}>
        Lines
      </Link>
      <Link {...paths.insights(env)} {...here}>
        Insights
      </Link>
    </nav>
  );
}
