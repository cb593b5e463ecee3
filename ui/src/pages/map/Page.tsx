import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { RotateCw, TableProperties, Waypoints } from 'lucide-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { mapQuery } from '@/api/map.ts';
import { traceGroupsQuery } from '@/api/sampling.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Elapsed } from '@/design/Elapsed.tsx';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { Picker } from '@/design/Picker.tsx';
import { count, plural } from '@/lib/format.ts';
import { useKeys } from '@/lib/keys.ts';
import { parseRange, renderRange, resolveRange } from '@/query/range.ts';
import { TimePicker } from '@/query/TimePicker.tsx';
import { Drawing } from './Drawing.tsx';
import { drawn } from './drawn.ts';
import styles from './map.module.css';
import { hopsOf, minutesOf, picture, placesOf } from './model.ts';
import type { MapSearch } from './search.ts';
import { Table } from './Table.tsx';
import { useLayout } from './useLayout.ts';

// The map is drawn before its first node is chosen.
const Panel = lazy(async () => ({ default: (await import('./Panel.tsx')).Panel }));

const DEFAULT_T = '-1h';
const HOPS = [
  { value: '1', name: '1 hop' },
  { value: '2', name: '2 hops' },
  { value: 'all', name: 'All' },
] as const;

/** What calls what, how often, how long, and how it goes: as a drawing and as a table. */
export function MapPage() {
  const { slug: env } = useEnvironment();
  const search: MapSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [picking, setPicking] = useState(false);
  // The end of "the last hour" moves when the question is asked anew, not with every render.
  const [askedMs, setAskedMs] = useState(Date.now);
  const t = search.t ?? DEFAULT_T;
  const range = useMemo(() => parseRange(t) ?? { kind: 'last' as const, seconds: 3600 }, [t]);
  const ask = useMemo(() => {
    const { startNs, endNs } = resolveRange(range, askedMs);
    return { startNs: String(startNs), endNs: String(endNs), group: search.group };
  }, [range, askedMs, search.group]);
  const asked = mapQuery(env, ask);
  const query = useQuery(asked);
  const client = useQueryClient();
  // Cancelled: what came before is of another time or group, and would be taken for the one that was asked.
  const cancelled = !query.isFetching && !query.isError && (query.isPending || query.isPlaceholderData);
  const groups = useQuery(traceGroupsQuery(env)).data?.groups ?? [];
  const map = query.data;
  const hops = hopsOf(search.hops);
  const shown = useMemo(
    () => (map ? picture(map, search.focus, hops) : undefined),
    [map, search.focus, hops],
  );
  const toDraw = useMemo(() => (shown ? drawn(shown) : undefined), [shown]);
  const asTable = search.view === 'table';
  const laid = useLayout(asTable ? undefined : toDraw, toDraw);
  const change = (patch: { [K in keyof MapSearch]?: string | undefined }, push = true) =>
    void navigate({
      to: '.',
      // A brush is of one node's durations.
      search: (old: object) => ({ ...old, ...('sel' in patch ? { brush: undefined } : {}), ...patch }),
      replace: !push,
    });
  const again = () => setAskedMs(Date.now());
  const close = () => (search.sel === undefined ? false : change({ sel: undefined }, false));
  useKeys({ r: again, Escape: close });

  const everyone = useMemo(() => (map ? placesOf(map) : []), [map]);
  const minutes = map ? minutesOf(map) : 1;
  const selected = everyone.find((place) => place.key === search.sel);
  const focus = everyone.some((place) => place.key === search.focus) ? search.focus : undefined;
  return (
    <>
      <InTopBar slot="actions">
        <TimePicker
          range={range}
          change={(next) => {
            again();
            change({ t: renderRange(next) });
          }}
          open={picking}
          setOpen={setPicking}
        />
        <button type="button" className="btn icon" aria-label="Refresh" title="Refresh (r)" onClick={again}>
          <Icon of={RotateCw} />
        </button>
      </InTopBar>
      <div className={`bar ${styles.bar}`}>
        <Picker
          name="Group"
          small
          value={search.group}
          choices={groups.map((group) => ({ value: group.name, label: group.name }))}
          none="All traces"
          pick={(group) => change({ group })}
        />
        <Picker
          name="Focus"
          small
          value={focus}
          choices={everyone.map(({ key }) => ({ value: key, label: key }))}
          none="The whole map"
          pick={(next) => change({ focus: next, sel: next })}
        />
        <fieldset className="seg sm" disabled={focus === undefined}>
          <legend className="vh">How far from the focus</legend>
          {HOPS.map(({ value, name }) => (
            <button
              key={value}
              type="button"
              aria-pressed={focus !== undefined && hops === hopsOf(value)}
              onClick={() => change({ hops: value })}
            >
              {name}
            </button>
          ))}
        </fieldset>
        <span className="grow" />
        {query.isFetching ? (
          <Elapsed what="reading calls" cancel={() => void client.cancelQueries(asked)} />
        ) : shown && map && !cancelled ? (
          <span className="muted cut" role="status">
            {plural(shown.places.length, 'node')}, {plural(shown.edges.length, 'edge')},{' '}
            {plural(map.traces, 'trace')}
          </span>
        ) : null}
        <fieldset className="seg sm">
          <legend className="vh">View</legend>
          <button type="button" aria-pressed={!asTable} onClick={() => change({ view: undefined })}>
            <Icon of={Waypoints} small />
            Map
          </button>
          <button type="button" aria-pressed={asTable} onClick={() => change({ view: 'table' })}>
            <Icon of={TableProperties} small />
            Table
          </button>
        </fieldset>
      </div>
      {query.isFetching ? <div className="progress" aria-hidden="true" /> : null}
      {map?.partial ? (
        <div className={`note warn ${styles.notice}`} role="status">
          More traces are in this time than were looked at: these are the newest {count(map.traces_seen)}. A
          shorter time shows all.
        </div>
      ) : null}
      {shown && shown.left > 0 ? (
        <div className={`note warn ${styles.notice}`} role="status">
          And {plural(shown.left, 'more node')} with fewer calls: set a focus to see those around it.
        </div>
      ) : null}
      {query.isError ? (
        <Failure error={query.error} retry={() => void query.refetch()} title="The map did not come" />
      ) : cancelled ? (
        <Empty title="The map was not read">
          <button type="button" className="btn primary" onClick={() => void query.refetch()}>
            Read it
          </button>
        </Empty>
      ) : !map || !shown || !toDraw ? (
        <div className={`skeleton ${styles.skeleton}`} aria-busy="true" />
      ) : map.nodes.length === 0 ? (
        <Empty title={search.group ? `No trace of ${search.group} in this time` : 'No trace in this time'}>
          <p>
            {search.group
              ? 'The group’s expression matches nothing here: Sampling tells which names were seen.'
              : 'The map is drawn from spans and segments: widen the time, or send some.'}
          </p>
          {search.group ? (
            <Link {...paths.sampling(env)} className="btn primary">
              See the groups
            </Link>
          ) : (
            <Link {...paths.send(env)} className="btn primary">
              Send data
            </Link>
          )}
        </Empty>
      ) : (
        <div className={`${styles.frame} ${selected ? styles.withPanel : ''}`}>
          {asTable ? (
            <Table
              places={shown.places}
              minutes={minutes}
              sort={search.sort}
              setSort={(sort) => change({ sort }, false)}
              selected={selected?.key}
              select={(sel) => change({ sel }, false)}
            />
          ) : laid.isError ? (
            <Failure error={laid.error} title="The map could not be laid out: the table has the same" />
          ) : laid.data ? (
            <Drawing
              drawn={laid.data.ask}
              layout={laid.data.layout}
              minutes={minutes}
              selected={selected?.key}
              select={(sel) => change({ sel }, false)}
            />
          ) : (
            <div className={`skeleton ${styles.skeleton}`} aria-busy="true" />
          )}
          {selected ? (
            <Suspense fallback={<aside className="panel" aria-busy="true" />}>
              <Panel
                env={env}
                t={t}
                map={map}
                brush={search.brush}
                place={selected}
                places={everyone}
                minutes={minutes}
                focus={focus}
                change={change}
              />
            </Suspense>
          ) : null}
        </div>
      )}
    </>
  );
}
