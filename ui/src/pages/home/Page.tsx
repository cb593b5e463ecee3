import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { datasetsQuery } from '@/api/queries.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Picker } from '@/design/Picker.tsx';
import { Arriving } from './Arriving.tsx';
import { Continue } from './Continue.tsx';
import { Durations } from './Durations.tsx';
import styles from './home.module.css';
import { minutesOf, ranges, sourceOf } from './model.ts';
import { NewOrWorse } from './NewOrWorse.tsx';
import { Services } from './Services.tsx';
import { type HomeSearch, LENGTHS, lengthOf } from './search.ts';
import { orderOf } from './services.ts';
import { Tiles } from './Tiles.tsx';

const REFRESH_MS = 10_000;

/** Is all well, what is new, where do I go on. */
export function HomePage() {
  const { slug: env } = useEnvironment();
  const search: HomeSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const nowMs = useNow(REFRESH_MS);
  const datasets = useQuery({ ...datasetsQuery(env), refetchInterval: REFRESH_MS });
  const { value: t, seconds } = lengthOf(search.t, datasets.data ?? [], nowMs);
  const { now, before } = useMemo(() => ranges(nowMs, seconds), [nowMs, seconds]);
  const minutes = minutesOf(now, datasets.data ?? []);
  const source = datasets.data && sourceOf(datasets.data);
  if (datasets.isError) return <Failure error={datasets.error} retry={() => void datasets.refetch()} />;
  const props = { env, now, before, minutes, t };
  return (
    <>
      <InTopBar slot="actions">
        <Picker
          name="Time"
          value={t}
          choices={LENGTHS}
          pick={(value) => void navigate({ to: '.', search: (old: object) => ({ ...old, t: value }) })}
        />
      </InTopBar>
      {source ? <Tiles {...props} source={source} /> : null}
      <div className={styles.two}>
        {source ? (
          <NewOrWorse env={env} source={source} now={now} before={before} t={t} />
        ) : (
          <section aria-label="Requests">
            {datasets.data ? (
              <Empty title="No request has arrived yet">
                <p>Home fills with the first span or segment.</p>
                <Link {...paths.send(env)} className="btn primary">
                  Send data
                </Link>
              </Empty>
            ) : null}
          </section>
        )}
        <Arriving env={env} />
      </div>
      <div className={styles.bottom}>
        {source ? (
          <div className={styles.main}>
            <Services
              env={env}
              source={source}
              now={now}
              minutes={minutes}
              t={t}
              order={orderOf(search.sort)}
              setSort={(sort) => void navigate({ to: '.', search: (old: object) => ({ ...old, sort }) })}
            />
            <Durations env={env} source={source} now={now} t={t} />
          </div>
        ) : null}
        <Continue env={env} />
      </div>
    </>
  );
}

/** The time, again every `everyMs` while the page is looked at. */
function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
