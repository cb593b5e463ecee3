import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { issueQuery, issuesQuery, occurrenceQuery, occurrencesQuery, projectsQuery } from '@/api/issues.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { useKeys } from '@/lib/keys.ts';
import { ItemHead } from './ItemHead.tsx';
import styles from './item.module.css';
import { OccurrenceBar } from './OccurrenceBar.tsx';
import { OccurrenceTabs } from './OccurrenceTabs.tsx';
import { SidePanel } from './SidePanel.tsx';
import type { ItemSearch } from './search.ts';

/** One item: where it stands, and its occurrences one by one. */
export function ItemPage() {
  const { slug: env } = useEnvironment();
  const { project: slug = '', counter = '' } = useParams({ strict: false });
  const known = useQuery(projectsQuery(env));
  const project = known.data?.projects.find((one) => one.dataset === slug);
  const number = /^\d{1,15}$/u.test(counter) ? Number(counter) : undefined;
  const found = useQuery({
    ...issuesQuery(env, { project: project?.id, q: `#${number}`, limit: 1 }),
    enabled: project !== undefined && number !== undefined,
  });
  const id = found.data?.issues.find((one) => one.counter === number && one.dataset === slug)?.id;

  const failed = known.error ?? found.error;
  if (failed && id === undefined)
    return (
      <Failure
        error={failed}
        retry={() => void (known.error ? known.refetch() : found.refetch())}
        title="The item did not come"
      />
    );
  if (id !== undefined) return <Item key={id} env={env} id={id} />;
  if (
    known.data &&
    (project === undefined || number === undefined || (found.data && !found.isPlaceholderData))
  )
    return (
      <Empty title={`There is no item #${counter}${project ? ` in ${project.name}` : ''}`}>
        {project ? null : <p>This environment has no project “{slug}”.</p>}
        <Link {...paths.errors(env)} className="btn">
          All items
        </Link>
      </Empty>
    );
  return <div className="skeleton grow" aria-busy="true" />;
}

function Item({ env, id }: { env: string; id: number }) {
  const search: ItemSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const detail = useQuery(issueQuery(env, id));
  const asked = /^\d{1,18}$/u.test(search.o ?? '') ? (search.o ?? 'latest') : 'latest';
  const query = useQuery(occurrenceQuery(env, id, asked));
  const list = useQuery(occurrencesQuery(env, id));
  const occurrence = query.data;
  const change = (patch: { [K in keyof ItemSearch]?: string | undefined }, replace = false) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace });
  // The neighbours of what is shown; while the next one comes there are none, so that keys do not race.
  const go = (to: number | null | undefined) => () => {
    if (to === null || to === undefined || query.isPlaceholderData) return false;
    change({ o: String(to) }, true);
    return true;
  };
  const leave = () => void navigate(paths.errors(env));
  useKeys({
    '[': go(occurrence?.previous),
    ']': go(occurrence?.next),
    Escape: leave,
  });
  if (detail.isError && !detail.data)
    return <Failure error={detail.error} retry={() => void detail.refetch()} title="The item did not come" />;
  if (!detail.data) return <div className="skeleton grow" aria-busy="true" />;
  const { issue } = detail.data;
  return (
    <div className={styles.page}>
      <InTopBar slot="crumb">
        <span className="sep">/</span> {issue.project_name} #{issue.counter}
      </InTopBar>
      <ItemHead env={env} issue={issue} occurrence={occurrence} />
      <OccurrenceBar
        issue={issue}
        list={list.data ?? []}
        occurrence={occurrence}
        env={env}
        older={go(occurrence?.previous)}
        newer={go(occurrence?.next)}
        latest={asked === 'latest' ? undefined : () => change({ o: undefined })}
      />
      <div className={styles.body}>
        <section className={styles.main} aria-label="Occurrence">
          {query.isError && !occurrence ? (
            <Failure
              error={query.error}
              retry={() => void query.refetch()}
              title="The occurrence did not come"
            />
          ) : occurrence ? (
            <OccurrenceTabs
              env={env}
              issue={issue}
              occurrence={occurrence}
              list={list.data}
              total={Math.max(issue.ever, list.data?.length ?? 0)}
              tab={search.tab}
              library={search.lib === '1'}
              change={change}
            />
          ) : (
            <div className="skeleton grow" aria-busy="true" />
          )}
        </section>
        <SidePanel env={env} detail={detail.data} occurrence={occurrence} />
      </div>
    </div>
  );
}
