import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, Pencil, Trash2, TriangleAlert } from 'lucide-react';
import { Fragment } from 'react';
import { changeGroup } from '@/api/sampling.ts';
import type { Group, Groups } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { ago } from '@/lib/time.ts';
import { msOf, serviceExpression } from './model.ts';
import styles from './sampling.module.css';

interface Props {
  env: string;
  answer: Groups;
  nowMs: number;
  /** Traces are being counted: a group without a number has none yet. */
  counting: boolean;
  edit: (group: Group) => void;
  remove: (name: string) => void;
  changed: (group: Group) => void;
}

/** Names told below a group that matches nothing. */
const NAMES_SHOWN = 6;

/** Groups with how many traces of the last hour are in each; one without says which names there are. */
export function GroupTable({ env, answer, nowMs, counting, edit, remove, changed }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className={styles.wide} aria-label="Groups" tabIndex={0}>
      <table className="fix l">
        <colgroup>
          <col style={{ width: 152 }} />
          <col />
          <col style={{ width: 120 }} />
          <col style={{ width: 136 }} />
          <col style={{ width: 96 }} />
          <col style={{ width: 96 }} />
        </colgroup>
        <thead>
          <tr>
            <th>Group</th>
            <th>Filter expression</th>
            <th className="num">Traces, 1 h</th>
            <th>Insights</th>
            <th className="num">Made</th>
            <th>
              <span className="vh">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {answer.groups.map((group) => {
            const unknown = group.traces === null || group.traces === undefined;
            const none = !group.is_default && (unknown ? !counting : group.traces === 0);
            return (
              <Fragment key={group.name}>
                <tr className={none ? styles.none : ''}>
                  <td className="cut strong">
                    <Link {...paths.map(env)} search={{ group: group.name }} className="link">
                      {group.name}
                    </Link>
                  </td>
                  <td className="cut mono" title={group.expression}>
                    {group.expression || <span className="muted">every trace</span>}
                  </td>
                  <td className="num">
                    <span className={`row ${styles.count} ${none ? 't-warn strong' : ''}`}>
                      {unknown && counting ? (
                        <span className="muted">counting…</span>
                      ) : (
                        <>
                          <Icon of={none ? TriangleAlert : CircleCheck} className={none ? '' : 't-ok'} />
                          {unknown ? 'unread' : count(group.traces ?? 0)}
                        </>
                      )}
                    </span>
                  </td>
                  <td className="muted">
                    {group.insights ? (group.notifications ? 'on, with notice' : 'on, no notice') : 'off'}
                  </td>
                  <td className="num muted">
                    {group.created_ns ? ago(msOf(group.created_ns), nowMs).replace(' ago', '') : 'always'}
                  </td>
                  <td>
                    {group.is_default ? null : (
                      <span className={`row ${styles.tools}`}>
                        <button
                          type="button"
                          className="btn sm ghost icon"
                          aria-label={`Change ${group.name}`}
                          title="Change"
                          onClick={() => edit(group)}
                        >
                          <Icon of={Pencil} small />
                        </button>
                        <button
                          type="button"
                          className="btn sm ghost icon"
                          aria-label={`Delete ${group.name}`}
                          title="Delete"
                          onClick={() => remove(group.name)}
                        >
                          <Icon of={Trash2} small />
                        </button>
                      </span>
                    )}
                  </td>
                </tr>
                {none ? (
                  <tr className={styles.none}>
                    <td colSpan={6} className={styles.why}>
                      <Why
                        env={env}
                        group={group}
                        names={answer.names.map((one) => one.name)}
                        changed={changed}
                      />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface WhyProps {
  env: string;
  group: Group;
  names: readonly string[];
  changed: (group: Group) => void;
}

/** Why a group matches nothing, and names that would: each a button that makes the group use it. */
function Why({ env, group, names, changed }: WhyProps) {
  const use = useMutation({
    mutationFn: (name: string) => changeGroup(env, group.name, serviceExpression(name)),
    onSuccess: changed,
  });
  return (
    <>
      <p>{group.hint}</p>
      {names.length > 0 ? (
        <div className={styles.names}>
          {names.slice(0, NAMES_SHOWN).map((name) => (
            <button
              key={name}
              type="button"
              className="btn sm"
              disabled={use.isPending}
              onClick={() => use.mutate(name)}
            >
              Use <span className="mono cut">{serviceExpression(name)}</span>
            </button>
          ))}
        </div>
      ) : null}
      {use.error ? (
        <p className="t-danger" role="alert">
          {use.error.message}
        </p>
      ) : null}
    </>
  );
}
