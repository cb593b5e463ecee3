import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { deleteGroup, deleteRule, rulesQuery, traceGroupsQuery } from '@/api/sampling.ts';
import type { Group, SamplingRule } from '@/api/types.ts';
import { useEnvironment } from '@/app/environment.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { Catches } from './Catches.tsx';
import { Clients } from './Clients.tsx';
import { Confirm } from './Confirm.tsx';
import { DecidedTable } from './DecidedTable.tsx';
import { GroupForm } from './GroupForm.tsx';
import { GroupTable } from './GroupTable.tsx';
import { cliJson } from './model.ts';
import { RuleForm } from './RuleForm.tsx';
import { RuleTable } from './RuleTable.tsx';
import { Statistics } from './Statistics.tsx';
import styles from './sampling.module.css';
import type { SamplingSearch } from './search.ts';
import { Windows } from './Windows.tsx';

/** What is open below a table: a form with what is to be changed, or a question before something is deleted. */
type Open<T> = { form: T | undefined } | { remove: string } | undefined;

/** What is kept, by which rule, and why; groups of traces by an expression. */
export function SamplingPage() {
  const { slug: env } = useEnvironment();
  const search: SamplingSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const query = useQuery(rulesQuery(env));
  const rules = query.data?.rules ?? [];
  const chosen = rules.find(({ rule }) => rule.name === search.rule) ?? rules[0];
  // Reports are counted back from when they came, not from when the page is drawn anew.
  const nowMs = query.dataUpdatedAt;
  const change = (patch: { [K in keyof SamplingSearch]?: string | undefined }) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: true });
  const asked = {
    service: search.service ?? '',
    method: search.method ?? '',
    host: search.host ?? '',
    path: search.path ?? '',
  };
  if (query.isError) {
    return (
      <Failure
        error={query.error}
        retry={() => void query.refetch()}
        title="The sampling rules did not come"
      />
    );
  }
  if (query.data === undefined) return <div className={`skeleton ${styles.skeleton}`} aria-busy="true" />;
  const tab = TABS.find(({ id }) => id === search.tab) ?? TABS[0];
  const tabs = (
    <>
      <fieldset className="seg">
        <legend className="vh">What is shown</legend>
        {TABS.map(({ id, name }) => (
          <button
            key={name}
            type="button"
            aria-pressed={id === tab.id}
            onClick={() => void navigate({ to: '.', search: (old: object) => ({ ...old, tab: id }) })}
          >
            {name}
          </button>
        ))}
      </fieldset>
      <span className="muted cut">{tab.says}</span>
    </>
  );
  const choose = (rule: string) => change({ rule });
  return (
    <div className={styles.frame}>
      <div className={styles.main}>
        {tab.id === undefined ? (
          <>
            <Rules env={env} rules={rules} chosen={chosen} nowMs={nowMs} choose={choose} tabs={tabs} />
            {chosen ? <Windows one={chosen} nowMs={nowMs} /> : null}
          </>
        ) : (
          <div className={`bar ${styles.bar}`}>{tabs}</div>
        )}
        {tab.id === 'statistics' ? (
          <Statistics rules={rules} chosen={chosen} nowMs={nowMs} choose={choose} />
        ) : (
          <GroupSection env={env} />
        )}
        {tab.id === undefined ? <DecidedTable env={env} rules={rules} /> : null}
      </div>
      <aside className={`panel ${styles.panel}`} aria-label="Questions about rules">
        <Catches rules={rules} asked={asked} nowMs={nowMs} change={change} />
        <Clients rules={rules} nowMs={nowMs} />
      </aside>
    </div>
  );
}

/** The first shows all that belongs to rules; the others one thing alone. */
const TABS = [
  { id: undefined, name: 'Rules', says: 'in order of priority; the first that matches decides' },
  { id: 'groups', name: 'Groups', says: 'which traces of the last hour are in each' },
  {
    id: 'statistics',
    name: 'Statistics',
    says: 'what clients reported in the last hour',
  },
] as const;

interface RulesProps {
  env: string;
  rules: readonly SamplingRule[];
  chosen: SamplingRule | undefined;
  nowMs: number;
  choose: (name: string) => void;
  tabs: ReactNode;
}

function Rules({ env, rules, chosen, nowMs, choose, tabs }: RulesProps) {
  const client = useQueryClient();
  const [open, setOpen] = useState<Open<SamplingRule>>();
  const close = () => setOpen(undefined);
  const reload = () => client.invalidateQueries({ queryKey: rulesQuery(env).queryKey });
  const drop = useMutation({
    mutationFn: (name: string) => deleteRule(env, name),
    onSuccess: close,
    onSettled: reload,
  });
  return (
    <>
      <div className={`bar ${styles.bar}`}>
        {tabs}
        <span className="grow" />
        {chosen ? <CopyButton text={cliJson(chosen)} label="As CLI JSON" look="plain" /> : null}
        <button type="button" className="btn primary" onClick={() => setOpen({ form: undefined })}>
          <Icon of={Plus} small />
          New rule
        </button>
      </div>
      {open && 'form' in open ? (
        <RuleForm
          key={open.form?.rule.name ?? ''}
          env={env}
          old={open.form}
          close={close}
          done={(name) => {
            close();
            choose(name);
            void reload();
          }}
        />
      ) : null}
      {open && 'remove' in open ? (
        <Confirm
          word="Delete the rule"
          busy={drop.isPending}
          error={drop.error}
          go={() => drop.mutate(open.remove)}
          cancel={close}
        >
          Delete <b className="strong">{open.remove}</b>? Its requests fall to the next rule that matches.
        </Confirm>
      ) : null}
      <RuleTable
        rules={rules}
        nowMs={nowMs}
        chosen={chosen?.rule.name}
        choose={choose}
        edit={(form) => setOpen({ form })}
        remove={(name) => {
          drop.reset();
          setOpen({ remove: name });
        }}
      />
    </>
  );
}

function GroupSection({ env }: { env: string }) {
  const client = useQueryClient();
  const query = useQuery(traceGroupsQuery(env));
  const [open, setOpen] = useState<Open<Group>>();
  const close = () => setOpen(undefined);
  const reload = async () => {
    // A first answer still on its way was counted before the change: invalidating alone would wait for it.
    await client.cancelQueries({ queryKey: traceGroupsQuery(env).queryKey });
    await client.invalidateQueries({ queryKey: traceGroupsQuery(env).queryKey });
  };
  // Counting the traces of an hour takes a while: what a group is now shows before.
  const changed = async (group: Group) => {
    await client.cancelQueries({ queryKey: traceGroupsQuery(env).queryKey });
    client.setQueryData(
      traceGroupsQuery(env).queryKey,
      (old) => old && { ...old, groups: old.groups.map((g) => (g.name === group.name ? group : g)) },
    );
    await reload();
  };
  const drop = useMutation({
    mutationFn: (name: string) => deleteGroup(env, name),
    onSuccess: close,
    onSettled: reload,
  });
  return (
    <>
      <div className={`head ${styles.top}`}>
        <h2>Groups</h2>
        <span className="muted cut">
          a filter with a name
          {query.data?.partial ? `; counted over the newest ${count(query.data.traces)} traces` : ''}
        </span>
        <button type="button" className="btn sm ghost right" onClick={() => setOpen({ form: undefined })}>
          <Icon of={Plus} small />
          New group
        </button>
      </div>
      {open && 'form' in open ? (
        <GroupForm
          key={open.form?.name ?? ''}
          env={env}
          old={open.form}
          close={close}
          done={() => {
            close();
            void reload();
          }}
        />
      ) : null}
      {open && 'remove' in open ? (
        <Confirm
          word="Delete the group"
          busy={drop.isPending}
          error={drop.error}
          go={() => drop.mutate(open.remove)}
          cancel={close}
        >
          Delete <b className="strong">{open.remove}</b>? Its traces stay.
        </Confirm>
      ) : null}
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} title="The groups did not come" />
      ) : query.data ? (
        <GroupTable
          env={env}
          answer={query.data}
          nowMs={query.dataUpdatedAt}
          counting={query.isFetching}
          edit={(form) => setOpen({ form })}
          remove={(name) => {
            drop.reset();
            setOpen({ remove: name });
          }}
          changed={(group) => void changed(group)}
        />
      ) : (
        <div className={`skeleton ${styles.skeleton}`} aria-busy="true" />
      )}
    </>
  );
}
