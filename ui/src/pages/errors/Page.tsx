import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { issuesQuery, projectsQuery } from '@/api/issues.ts';
import type { Issue, IssueChange } from '@/api/types.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { useKeys } from '@/lib/keys.ts';
import { BulkBar } from './BulkBar.tsx';
import { Course } from './Course.tsx';
import styles from './errors.module.css';
import { exportItems } from './export.ts';
import { type Change, FilterBar } from './FilterBar.tsx';
import { ItemTable, linkId } from './ItemTable.tsx';
import { askOf, isFiltered, PAGE, pageOf, sortOf } from './model.ts';
import { Pager } from './Pager.tsx';
import type { ErrorsSearch } from './search.ts';
import { useChange } from './useChange.ts';
import { Waiting } from './Waiting.tsx';

const NOTHING: Change extends (patch: infer P) => void ? P : never = {
  project: undefined,
  status: undefined,
  level: undefined,
  environment: undefined,
  owner: undefined,
  q: undefined,
};

/** Items of an environment: like errors as one row each, what is new or busy first. */
export function ErrorsPage() {
  const { slug: env } = useEnvironment();
  const search: ErrorsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const known = useQuery(projectsQuery(env));
  const projects = known.data?.projects ?? [];
  const project = projects.find((one) => one.dataset === search.project);
  const list = useQuery({
    ...issuesQuery(env, askOf(search, project)),
    // Which project is meant is only known once they came.
    enabled: search.project === undefined || project !== undefined,
  });
  const change = useChange(env, (changed) =>
    setChosen((old) => new Set([...old].filter((id) => changed.every((one) => one.id !== id)))),
  );
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (form: string) => exportItems(client, env, askOf(search, project), form),
  });
  const issues = list.data?.issues ?? [];
  const selected = issues.filter((one) => chosen.has(one.id));

  const narrow: Change = (patch) => {
    const old = search as Record<string, unknown>;
    const next: Record<string, unknown> = { ...search, page: undefined, ...patch };
    if (Object.keys(next).every((key) => (next[key] || undefined) === (old[key] || undefined))) return;
    setChosen(new Set());
    void navigate({ to: '.', search: next as ErrorsSearch });
  };
  const toggle = (id: number) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const set = (what: IssueChange) => change.mutate({ issues: selected, change: what });
  useRowKeys(issues, toggle, () => {
    if (selected.length === 0) return false;
    setChosen(new Set());
    return true;
  });

  const failed = list.error ?? (search.project === undefined ? null : known.error);
  if (failed && !list.data)
    return (
      <Failure
        error={failed}
        retry={() => void (list.error ? list : known).refetch()}
        title="The items did not come"
      />
    );
  if (known.data && search.project !== undefined && !project)
    return (
      <Empty title={`There is no project “${search.project}”`}>
        <p>It may be one of another environment.</p>
        <button type="button" className="btn" onClick={() => narrow({ project: undefined })}>
          All projects
        </button>
      </Empty>
    );
  const waiting = projects.filter((one) => one.issues === 0);
  const page = pageOf(search);
  return (
    <>
      <FilterBar
        search={search}
        projects={projects}
        answer={list.data}
        change={narrow}
        save={(form) => save.mutate(form)}
      />
      {save.error ? (
        <p className="note danger" role="alert">
          The file was not made: {save.error.message}
        </p>
      ) : null}
      {waiting.length > 0 ? (
        <Waiting env={env} waiting={waiting} refused={known.data?.refused ?? []} />
      ) : null}
      {issues.length > 0 ? <Course issues={issues} total={list.data?.total ?? 0} /> : null}
      {selected.length > 0 ? (
        <BulkBar
          chosen={selected}
          busy={change.isPending}
          error={change.error}
          owners={list.data?.owners ?? []}
          set={set}
          clear={() => setChosen(new Set())}
        />
      ) : null}
      {list.data === undefined ? (
        <Bones />
      ) : issues.length === 0 ? (
        <Nothing env={env} filtered={isFiltered(search)} page={page} change={narrow} />
      ) : (
        <section className={`scroll ${styles.list}`} aria-label="Items">
          <ItemTable
            env={env}
            issues={issues}
            chosen={chosen}
            toggle={toggle}
            toggleAll={() =>
              setChosen(selected.length === issues.length ? new Set() : new Set(issues.map((one) => one.id)))
            }
            sort={sortOf(search)}
            order={(sort) => narrow({ sort: sort === 'last' ? undefined : sort })}
            mixed={projects.length > 1 && project === undefined}
          />
        </section>
      )}
      <Pager
        page={page}
        pages={Math.ceil((list.data?.total ?? 0) / PAGE)}
        go={(to) => narrow({ page: to === 1 ? undefined : String(to) })}
      />
    </>
  );
}

/** `j` `k` go from row to row by focusing its link, so that Enter opens it; `x` selects it. */
function useRowKeys(issues: readonly Issue[], toggle: (id: number) => void, clear: () => boolean) {
  const current = () => {
    const row = document.activeElement?.closest('tr');
    return issues.findIndex((one) => row?.contains(document.getElementById(linkId(one))));
  };
  const go = (by: number) => () => {
    const next = issues[Math.min(issues.length - 1, Math.max(0, current() + by))];
    if (!next) return false;
    const link = document.getElementById(linkId(next));
    link?.focus();
    link?.scrollIntoView({ block: 'nearest' });
    return true;
  };
  useKeys({
    j: go(1),
    k: go(-1),
    x: () => {
      const issue = issues[current()];
      if (!issue) return false;
      toggle(issue.id);
      return true;
    },
    Escape: clear,
  });
}

function Nothing({
  env,
  filtered,
  page,
  change,
}: {
  env: string;
  filtered: boolean;
  page: number;
  change: Change;
}) {
  if (page > 1)
    return (
      <Empty title="There is no such page">
        <button type="button" className="btn" onClick={() => change({ page: undefined })}>
          First page
        </button>
      </Empty>
    );
  if (filtered)
    return (
      <Empty title="No item passes the filter">
        <p>Items that are archived are listed only when the status asks for them.</p>
        <button type="button" className="btn" onClick={() => change(NOTHING)}>
          Drop the filter
        </button>
      </Empty>
    );
  return (
    <Empty title="There is no item yet">
      <p>Errors that a Rollbar SDK reports are grouped here: like ones are one item.</p>
      <Link {...paths.send(env)} search={{ what: 'rollbar' }} className="btn primary">
        Send errors
      </Link>
    </Empty>
  );
}

const BONES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

function Bones() {
  return (
    <div aria-busy="true" className="grow">
      <span className="vh">Loading the items</span>
      {BONES.map((bone) => (
        <div key={bone} className={`skeleton ${styles.bone}`} />
      ))}
    </div>
  );
}
