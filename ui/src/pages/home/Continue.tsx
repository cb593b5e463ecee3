import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Bookmark, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { savedQueriesQuery } from '@/api/savedQueries.ts';
import { paths } from '@/app/paths.ts';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { recents } from '@/lib/recent.ts';
import { ago, nanos, toMs } from '@/lib/time.ts';
import { openingOf } from '@/pages/explore/saved.ts';
import styles from './home.module.css';

const SHOWN = 8;

/** Where to go on: questions over lines that this browser ran, and what the environment has saved. */
export function Continue({ env }: { env: string }) {
  const [shown, setShown] = useState<'recent' | 'saved'>('recent');
  return (
    <section className={styles.continue} aria-label="Continue">
      <div className="head">
        <h2>Continue</h2>
        <span className="seg sm right" role="group" aria-label="What is listed">
          <button type="button" aria-pressed={shown === 'recent'} onClick={() => setShown('recent')}>
            Recent
          </button>
          <button type="button" aria-pressed={shown === 'saved'} onClick={() => setShown('saved')}>
            Saved
          </button>
        </span>
      </div>
      {shown === 'recent' ? <Recent env={env} /> : <Saved env={env} />}
    </section>
  );
}

function Recent({ env }: { env: string }) {
  const list = recents(env).slice(0, SHOWN);
  if (list.length === 0) {
    return (
      <p className={styles.quiet}>
        Questions over lines that you run in{' '}
        <Link {...paths.insights(env)} className="link">
          Insights
        </Link>{' '}
        are listed here, in this browser only.
      </p>
    );
  }
  return (
    <ul>
      {list.map(({ q, group, t, atMs }) => (
        <li key={`${group} ${q}`}>
          <Link {...paths.insights(env)} search={{ q, group, t }} className={styles.item} title={q}>
            <Icon of={ScrollText} />
            <span className="cut mono">{q.replace(/\s+/gu, ' ')}</span>
            <span className="muted">{ago(atMs, Date.now())}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Saved({ env }: { env: string }) {
  const saved = useQuery(savedQueriesQuery(env));
  if (saved.isError) return <Failure error={saved.error} retry={() => void saved.refetch()} />;
  if (!saved.data) return <p className={styles.quiet}>Reading…</p>;
  // What cannot be opened is listed, with the cause, by Explore.
  const list = saved.data.flatMap((one) => {
    const opening = openingOf(one);
    return 'search' in opening ? [{ ...one, search: opening.search }] : [];
  });
  if (list.length === 0) {
    return (
      <p className={styles.quiet}>
        Nothing is saved in this environment yet:{' '}
        <Link {...paths.explore(env)} className="link">
          Explore
        </Link>{' '}
        saves a query under a name, for everyone.
      </p>
    );
  }
  return (
    <ul>
      {list.slice(0, SHOWN).map(({ id, name, search, changed_ns }) => (
        <li key={id}>
          <Link {...paths.explore(env)} search={search} className={styles.item} title={name}>
            <Icon of={Bookmark} />
            <bdi className="cut">{name}</bdi>
            <span className="muted">{ago(toMs(nanos(changed_ns)), Date.now())}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
