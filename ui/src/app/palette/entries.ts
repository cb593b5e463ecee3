import { queryOptions, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue } from 'react';
import { issuesQuery, projectsQuery } from '@/api/issues.ts';
import { groupsQuery } from '@/api/logs.ts';
import { askOf, datasetsQuery, rowsQuery, valuesQuery } from '@/api/queries.ts';
import { savedQueriesQuery } from '@/api/savedQueries.ts';
import { openingOf } from '@/pages/explore/saved.ts';
import { rank } from '@/query/complete.ts';
import { renderFilter } from '@/query/text.ts';
import { paths } from '../paths.ts';
import { type Pasted, pasted } from './ids.ts';

/** Something one can go to. */
export interface Entry {
  key: string;
  label: string;
  note: string;
  go: () => void;
}

/** Entries of one kind, under its name. */
export interface Section {
  name: string;
  entries: Entry[];
}

export const PAGES = [
  ['Home', 'home', 'g h'],
  ['Explore', 'explore', 'g e'],
  ['Map', 'map', 'g m'],
  ['Sampling and groups', 'sampling', ''],
  ['Logs', 'logs', 'g l'],
  ['Logs Insights', 'insights', ''],
  ['Errors', 'errors', 'g i'],
  ['Arrivals', 'arrivals', 'g a'],
  ['Send data', 'send', 'g s'],
  ['Settings: keys', 'keys', ''],
  ['Settings: environments', 'environments', ''],
  ['Settings: health', 'health', ''],
] as const;

/** Of each kind, so that no one kind fills the list. */
const EACH = 5;
/** Spans are looked for so far back. */
const SPANS_S = 7 * 86_400;

/** What there is to go to for a text; `busy` while some of it is asked for. */
export function useSections(env: string, text: string): { sections: Section[]; busy: boolean } {
  const typed = useDeferredValue(text.trim());
  const navigate = useNavigate();
  const ids = pasted(typed);
  // A bare number may be an item's, and a word of some name.
  const isId = ids.length > 0 && !/^\d+$/u.test(typed);
  const words = isId ? '' : typed;

  const datasets = useQuery(datasetsQuery(env));
  const groups = useQuery(groupsQuery(env));
  const saved = useQuery(savedQueriesQuery(env));
  const items = useQuery({ ...issuesQuery(env, { q: words, limit: EACH }), enabled: words !== '' });
  const services = useQuery({
    ...valuesQuery(env, undefined, 'service.name', words),
    enabled: words !== '',
    placeholderData: (before) => before,
  });
  const found = useIds(env, ids);
  const late = typed !== text.trim();
  if (isId) {
    return { sections: sectionsOf([{ name: 'Id', entries: found.entries }]), busy: late || found.busy };
  }

  const of = (name: string, entries: Entry[]): Section => ({
    name,
    entries: rank(entries, words, (one) => one.label).slice(0, EACH),
  });
  const pages = rank(PAGES, words, ([name]) => name).map(([name, place, keys]) => ({
    key: `page ${place}`,
    label: name,
    note: keys,
    go: () => void navigate(paths[place](env)),
  }));
  const sections: Section[] = [
    { name: 'Id', entries: found.entries },
    { name: 'Pages', entries: words ? pages.slice(0, EACH) : pages },
    of(
      'Saved queries',
      (saved.data ?? []).flatMap((one) => {
        const opening = openingOf(one);
        if ('cannot' in opening) return [];
        const go = () => void navigate({ ...paths.explore(env), search: opening.search });
        return [{ key: `saved ${one.id}`, label: one.name, note: one.dataset ?? 'all data sets', go }];
      }),
    ),
  ];
  if (words) {
    sections.push(
      of(
        'Services',
        (services.data ?? []).flatMap(({ value }) => {
          if (typeof value !== 'string') return [];
          const w = renderFilter({ column: 'service.name', op: '=', value });
          const go = () => void navigate({ ...paths.explore(env), search: { w } });
          return [{ key: `service ${value}`, label: value, note: 'its events', go }];
        }),
      ),
      of(
        'Data sets',
        (datasets.data ?? []).map(({ name, slug, kind }) => ({
          key: `dataset ${slug}`,
          label: name,
          note: kind,
          go: () => void navigate({ ...paths.explore(env), search: { ds: slug } }),
        })),
      ),
      of(
        'Log groups',
        (groups.data ?? []).map(({ name }) => ({
          key: `group ${name}`,
          label: name,
          note: 'lines',
          go: () => void navigate({ ...paths.logs(env), search: { group: name } }),
        })),
      ),
      {
        name: 'Errors',
        // The server has searched: what it found may say the words elsewhere than in its title.
        entries: (items.data?.issues ?? []).slice(0, EACH).map((one) => ({
          key: `item ${one.id}`,
          label: `#${one.counter} ${one.title}`,
          note: one.status,
          go: () => void navigate(paths.item(env, one.dataset, one.counter)),
        })),
      },
    );
  }
  // What is asked again in the background is there already.
  const asked = words ? [datasets, groups, saved, items, services] : [];
  const busy = late || found.busy || asked.some((one) => one.isPending || one.isPlaceholderData);
  return { sections: sectionsOf(sections), busy };
}

const sectionsOf = (all: Section[]) => all.filter((one) => one.entries.length > 0);

/** The newest row of a span, which names its trace. */
const spanQuery = (env: string, id: string) =>
  queryOptions({
    ...rowsQuery(
      askOf(env, undefined, {
        filters: [{ column: 'trace.span_id', op: '=', value: id }],
        time_range: SPANS_S,
      }),
      1,
    ),
    // It may come any moment.
    staleTime: 2_000,
  });

function useIds(env: string, ids: readonly Pasted[]): { entries: Entry[]; busy: boolean } {
  const navigate = useNavigate();
  const span = ids.find((one) => one.kind === 'span');
  const row = useQuery({ ...spanQuery(env, span?.id ?? ''), enabled: span !== undefined });
  const isItem = ids.some((one) => one.kind === 'item');
  const projects = useQuery({ ...projectsQuery(env), enabled: isItem });
  const toTrace = (id: string, of?: string) => () =>
    void navigate({ ...paths.trace(env, id), search: of === undefined ? {} : { span: of } });
  const entries = ids.flatMap((one): Entry[] => {
    switch (one.kind) {
      case 'trace':
        return [
          { key: 'trace', label: `Trace ${one.id}`, note: 'one request', go: toTrace(one.id, one.span) },
        ];
      case 'span': {
        const trace = row.data?.rows[0]?.['trace.trace_id'];
        if (typeof trace !== 'string') return [];
        return [
          { key: 'span', label: `Span ${one.id}`, note: `of trace ${trace}`, go: toTrace(trace, one.id) },
        ];
      }
      case 'item':
        return (projects.data?.projects ?? []).map(({ id, name, dataset }) => ({
          key: `item ${id}`,
          label: `#${one.counter} of ${name}`,
          note: 'error',
          go: () => void navigate(paths.item(env, dataset, one.counter)),
        }));
      case 'occurrence': {
        // The server knows of which project it is.
        const go = () => window.location.assign(`/occurrence/uuid/?uuid=${encodeURIComponent(one.uuid)}`);
        return [{ key: 'occurrence', label: `Occurrence ${one.uuid}`, note: 'error', go }];
      }
      default: {
        const { group, stream } = one;
        const go = () => void navigate({ ...paths.logs(env), search: { group, stream } });
        return [
          { key: 'logs', label: stream ?? group, note: stream ? `stream of ${group}` : 'log group', go },
        ];
      }
    }
  });
  return { entries, busy: row.isLoading || projects.isLoading };
}
