import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { arrivalsQuery } from '@/api/arrivals.ts';
import { keysQuery, revokeKey } from '@/api/keys.ts';
import type { KeyMade } from '@/api/types.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { plural } from '@/lib/format.ts';
import { dateTime } from '@/lib/time.ts';
import { Frame } from './Frame.tsx';
import { KeyEvents } from './KeyEvents.tsx';
import { KeyTable } from './KeyTable.tsx';
import { MadeOnce } from './MadeOnce.tsx';
import { KINDS, msOf, shown, usedAgain } from './model.ts';
import { NewKeyForm } from './NewKeyForm.tsx';
import type { KeysSearch } from './search.ts';
import styles from './settings.module.css';

/** Keys of the environment: who uses them, from where; made here, shown once, revoked at once. */
export function KeysPage() {
  const { slug: env } = useEnvironment();
  const search: KeysSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [making, setMaking] = useState(false);
  // Lives in this page alone: a secret is shown once.
  const [made, setMade] = useState<KeyMade>();
  const keys = useQuery(keysQuery(env));
  const rows =
    useQuery({ ...arrivalsQuery('all', undefined, 500), refetchInterval: 15_000 }).data?.rows ?? [];
  const reload = () => client.invalidateQueries({ queryKey: keysQuery(env).queryKey });
  const revoke = useMutation({ mutationFn: (id: string) => revokeKey(env, id), onSettled: reload });
  const change = (patch: { [K in keyof KeysSearch]?: string | undefined }) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: true });

  const all = keys.data ?? [];
  const filter = { kind: search.kind, text: search.find ?? '', revoked: search.revoked !== 'no' };
  const list = shown(all, filter);
  const again = usedAgain(rows, all);
  return (
    <Frame>
      <div className={`bar ${styles.bar}`}>
        <fieldset className="seg">
          <legend className="vh">Kind</legend>
          <button
            type="button"
            aria-pressed={filter.kind === undefined}
            onClick={() => change({ kind: undefined })}
          >
            All
          </button>
          {KINDS.map((kind) => (
            <button
              key={kind.value}
              type="button"
              aria-pressed={filter.kind === kind.value}
              onClick={() => change({ kind: kind.value })}
            >
              {kind.label}
            </button>
          ))}
        </fieldset>
        <input
          className={`input ${styles.find}`}
          type="search"
          placeholder="Name or prefix"
          aria-label="Find a key by name or prefix"
          value={search.find ?? ''}
          onChange={(event) => change({ find: event.target.value || undefined })}
        />
        <span className="grow" />
        <label className="opt">
          <input
            type="checkbox"
            checked={filter.revoked}
            onChange={(event) => change({ revoked: event.target.checked ? undefined : 'no' })}
          />
          Revoked
        </label>
        <button
          type="button"
          className="btn primary"
          aria-expanded={making}
          onClick={() => setMaking(!making)}
        >
          <Icon of={Plus} small />
          New key
        </button>
      </div>
      {making ? (
        <NewKeyForm
          env={env}
          close={() => setMaking(false)}
          made={(key) => {
            setMade(key);
            setMaking(false);
            void reload();
          }}
        />
      ) : null}
      {made ? <MadeOnce env={env} made={made} done={() => setMade(undefined)} /> : null}
      {revoke.error ? (
        <p className={`t-danger ${styles.empty}`} role="alert">
          {revoke.error.message}
        </p>
      ) : null}
      {keys.isError ? (
        <Failure error={keys.error} retry={() => void keys.refetch()} title="The keys did not come" />
      ) : keys.data === undefined ? (
        <div className="skeleton" aria-busy="true" />
      ) : list.length > 0 ? (
        <KeyTable
          keys={list}
          rows={rows}
          madeId={made?.key.id}
          revoke={(id) => revoke.mutate(id)}
          busy={revoke.isPending ? revoke.variables : undefined}
        />
      ) : (
        <Empty title={all.length > 0 ? 'No key passes the filter' : 'There is no key yet'}>
          <p>
            {all.length > 0
              ? 'Show all kinds, revoked ones too, or clear the search.'
              : 'An app needs one to send: make it with New key, or follow Send data, which makes it on the way.'}
          </p>
        </Empty>
      )}
      {again.map((row) => (
        <div key={row.id} className={`note warn ${styles.again}`} role="status">
          <Icon of={TriangleAlert} />
          <div>
            <b className="strong">A revoked key was used again.</b>{' '}
            <span className="muted">
              {row.key_prefix} from {row.sender}, {plural(row.counters.refused, 'item')} refused, the latest
              at {dateTime(msOf(row.last_ns)).slice(0, 19)} UTC.
            </span>{' '}
            <Link
              {...paths.arrivals(env)}
              search={{ outcome: 'refused', key: row.key_prefix ?? undefined }}
              className="link"
            >
              See the fix in Arrivals
            </Link>
          </div>
        </div>
      ))}
      <KeyEvents keys={all} />
      <p className={`muted ${styles.empty}`}>
        Secrets are kept as hashes; those that sign requests are encrypted. Nobody can read one here again: a
        lost one is revoked and made anew.
      </p>
    </Frame>
  );
}
