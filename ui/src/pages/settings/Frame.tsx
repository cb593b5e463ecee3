import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { keysQuery } from '@/api/keys.ts';
import { sessionQuery } from '@/api/queries.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import styles from './settings.module.css';

/** The sections of Settings at the left. Holds only what is built. */
export function Frame({ children }: { children: ReactNode }) {
  const { slug: env } = useEnvironment();
  const { data: session } = useSuspenseQuery(sessionQuery());
  const keys = useQuery(keysQuery(env)).data;
  const well = session.health.state === 'ok';
  const here = { activeProps: { 'aria-current': 'page' as const } };
  return (
    <div className={styles.frame}>
      <nav className={styles.side} aria-label="Settings">
        <Link {...paths.environments(env)} {...here}>
          Environments
          <span className={styles.count}>{session.environments.length}</span>
        </Link>
        <Link {...paths.keys(env)} {...here}>
          Keys
          <span className={styles.count}>{keys?.filter((key) => !key.revoked_ns).length}</span>
        </Link>
        <Link {...paths.health(env)} {...here}>
          Health
          <span className={`${styles.count} row ${well ? 't-ok' : 't-warn'}`}>
            <Icon of={well ? Check : TriangleAlert} small />
            {session.health.state.replace('_', ' ')}
          </span>
        </Link>
      </nav>
      <section className={styles.main}>{children}</section>
    </div>
  );
}
