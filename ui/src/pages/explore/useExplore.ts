import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import type { Answer } from '@/api/types.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { type AddressProblem, writeAddress } from '@/query/address.ts';
import type { Question, Range } from '@/query/model.ts';
import { questionOf } from '@/query/opening.ts';
import { resolveRange } from '@/query/range.ts';
import { parseSelection, renderSelection, type Selection } from '@/query/selection.ts';
import { addressOf } from './saved.ts';
import type { ExploreSearch } from './search.ts';

export const TABS = ['results', 'bubbleup', 'traces', 'events'] as const;
export type Tab = (typeof TABS)[number];

export interface Explore {
  env: string;
  dataset: string | undefined;
  /** What the address asks: what runs. */
  asked: Question;
  problems: AddressProblem[];
  /** What the builder shows: the same until edited. */
  draft: Question;
  dirty: boolean;
  edit: (question: Question) => void;
  /** Makes the draft, or another question, the address. Returns false when the address says that already. */
  run: (question?: Question) => boolean;
  setDataset: (dataset: string | undefined) => void;
  setRange: (range: Range) => void;
  tab: Tab;
  setTab: (tab: Tab) => void;
  selection: Selection | undefined;
  select: (selection: Selection | undefined, tab?: Tab) => void;
  /** Sets a part of the address that is about the view; no step in the history. */
  view: (part: Partial<Pick<ExploreSearch, 'sort' | 'y' | 'row'>>) => void;
  search: ExploreSearch;
  /** The address that shows the same later: this one, over the time of the answer, or of now when there is none. */
  fixedAt: (answer: Answer | undefined) => string;
}

/** The page's state: all of it in the address but the unfinished edit. */
export function useExplore(): Explore {
  const search = useSearch({ from: '/e/$env/explore' });
  const { slug } = useEnvironment();
  const navigate = useNavigate({ from: '/e/$env/explore' });
  const router = useRouter();
  const { v, w, g, o, h, l, t } = search;
  const { question: asked, problems } = useMemo(
    () => questionOf({ v, w, g, o, h, l, t }),
    [v, w, g, o, h, l, t],
  );

  const [edited, setEdited] = useState<{ of: Question; draft: Question }>();
  // An edit belongs to the question it began with; Back or a link leaves it behind.
  const draft = edited && edited.of === asked ? edited.draft : asked;
  const latest = useRef(draft);
  latest.current = draft;
  const edit = (question: Question) => {
    latest.current = question;
    setEdited({ of: asked, draft: question });
  };

  const run = (question: Question = latest.current) => {
    const next = writeAddress(question);
    const same = JSON.stringify(next) === JSON.stringify(writeAddress(asked)) && problems.length === 0;
    if (same) {
      setEdited(undefined);
      return false;
    }
    void navigate({
      search: (before) => ({
        ...before,
        ...next,
        v: next.v ?? 'COUNT',
        sel: undefined,
        row: undefined,
        sort: undefined,
      }),
    });
    return true;
  };
  const selection = useMemo(() => parseSelection(search.sel), [search.sel]);
  const tab = TABS.find((one) => one === search.tab) ?? 'results';

  return {
    env: slug,
    dataset: search.ds,
    asked,
    problems,
    draft,
    dirty: draft !== asked && JSON.stringify(writeAddress(draft)) !== JSON.stringify(writeAddress(asked)),
    edit,
    run,
    setDataset: (ds) =>
      void navigate({ search: (before) => ({ ...before, ds, sel: undefined, row: undefined }) }),
    setRange: (range) => {
      run({ ...latest.current, range });
    },
    tab,
    setTab: (next) =>
      void navigate({
        search: (before) => ({ ...before, tab: next === 'results' ? undefined : next }),
        replace: true,
      }),
    selection,
    select: (next, also) =>
      void navigate({
        search: (before) => ({
          ...before,
          sel: next && renderSelection(next),
          ...(also ? { tab: also === 'results' ? undefined : also } : {}),
        }),
        replace: true,
      }),
    view: (part) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true }),
    search,
    fixedAt: (answer) => {
      const { range } = asked;
      const shown =
        range.kind === 'last' && answer
          ? { startNs: BigInt(answer.start_ns), endNs: BigInt(answer.end_ns) }
          : resolveRange(range, Date.now());
      const fixed: Question = { ...asked, range: { kind: 'between', ...shown } };
      return router.buildLocation({
        ...paths.explore(slug),
        search: { ...search, ...addressOf(search.ds, fixed) },
      }).href;
    },
  };
}
