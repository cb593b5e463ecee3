import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { arrivalsQuery } from '@/api/arrivals.ts';
import { devKey } from '@/api/devKey.ts';
import { sessionQuery } from '@/api/queries.ts';
import type { ArrivalEvent, Arrivals } from '@/api/types.ts';
import { useLiveArrivals } from '@/api/useLiveArrivals.ts';
import { useEnvironment } from '@/app/environment.ts';
import { Failure } from '@/design/Failure.tsx';
import { useKeys } from '@/lib/keys.ts';
import styles from './arrivals.module.css';
import { DeliveryList } from './DeliveryList.tsx';
import { FilterBar } from './FilterBar.tsx';
import { applyEvents, type Filter, MOST_ROWS, passes } from './model.ts';
import { NothingArrived } from './NothingArrived.tsx';
import { SumStrip } from './SumStrip.tsx';
import { Sums } from './Sums.tsx';
import type { ArrivalsSearch } from './search.ts';

const LISTED_ROWS = 500;
/** The stream tells deliveries one by one; the list has them summed, and is right where both could err. */
const REFRESH_MS = 15_000;

/** Every delivery that reached this server, taken or refused, live. */
export function ArrivalsPage() {
  const { slug: env } = useEnvironment();
  const { data: session } = useSuspenseQuery(sessionQuery());
  const search: ArrivalsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const filter: Filter = {
    outcome: search.outcome === 'refused' || search.outcome === 'taken' ? search.outcome : 'all',
    protocol: search.protocol,
    key: search.key,
    sender: search.sender,
  };
  const change = (patch: { [K in keyof ArrivalsSearch]?: string | undefined }) =>
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }) });

  const query = arrivalsQuery(filter.outcome, filter.protocol, LISTED_ROWS);
  const [held, setHeld] = useState<ArrivalEvent[] | undefined>(undefined);
  const list = useQuery({ ...query, refetchInterval: held === undefined ? REFRESH_MS : false });
  const apply = (events: readonly ArrivalEvent[]) => {
    let missed = 0;
    client.setQueryData<Arrivals>(query.queryKey, (old) => {
      if (!old) return old;
      const next = applyEvents(old, events);
      missed = next.missed;
      return {
        ...next.state,
        rows: next.state.rows.filter((row) => passes(row, { ...filter, key: undefined, sender: undefined })),
      };
    });
    if (missed > 0) void client.invalidateQueries({ queryKey: query.queryKey });
  };
  const live = useLiveArrivals((events) => {
    if (held === undefined) apply(events);
    else setHeld([...held, ...events].slice(-MOST_ROWS * 2));
  });
  const pause = () => {
    if (held === undefined) return setHeld([]);
    apply(held);
    setHeld(undefined);
  };
  const onSpace = (event: KeyboardEvent) => {
    // On a button or a link the space bar is that one's.
    if (event.target instanceof Element && event.target.closest('button, a, summary')) return false;
    pause();
    return true;
  };
  const leave = () => (search.sender || search.key ? change({ sender: undefined, key: undefined }) : false);
  useKeys({ ' ': onSpace, Escape: leave });

  if (list.isError)
    return <Failure error={list.error} retry={() => void list.refetch()} title="The arrivals did not come" />;
  const rows = list.data?.rows.filter((row) => passes(row, filter)) ?? [];
  return (
    <>
      <FilterBar
        filter={filter}
        rows={list.data?.rows ?? []}
        change={change}
        live={live}
        waiting={held?.filter((event) => event.kind === 'arrival').length}
        pause={pause}
      />
      <SumStrip counters={list.data?.counters} />
      <div className={styles.body}>
        <section className={styles.list} aria-label="Deliveries">
          {list.data === undefined ? (
            <ListSkeleton />
          ) : rows.length > 0 ? (
            <DeliveryList rows={rows} env={env} devKey={devKey(session, env)} pick={change} />
          ) : (
            <NothingArrived
              env={env}
              ever={list.data.counters.received > 0}
              filter={filter}
              change={change}
            />
          )}
        </section>
        {list.data ? <Sums state={list.data} env={env} pick={change} /> : <aside className="panel" />}
      </div>
    </>
  );
}

const BONES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

function ListSkeleton() {
  return (
    <div aria-busy="true">
      <span className="vh">Loading the deliveries</span>
      {BONES.map((bone) => (
        <div key={bone} className={`skeleton ${styles.bone}`} />
      ))}
    </div>
  );
}
