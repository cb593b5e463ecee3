import { useQuery } from '@tanstack/react-query';
import { Download, Radio, TriangleAlert } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { answerQuery, askOf } from '@/api/queries.ts';
import type { Cell } from '@/api/types.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { useKeys } from '@/lib/keys.ts';
import { clock, fromMs } from '@/lib/time.ts';
import { type CellValue, withValue } from '@/query/change.ts';
import { specOf } from '@/query/model.ts';
import type { Selection } from '@/query/selection.ts';
import { TimePicker } from '@/query/TimePicker.tsx';
import { gridOf, heatmapOf } from '@/viz/answer.ts';
import { AsText } from './AsText.tsx';
import { BubbleUpTab } from './BubbleUpTab.tsx';
import { EmptyAnswer } from './EmptyAnswer.tsx';
import { EventsTab } from './EventsTab.tsx';
import { exportCsv, exportJson } from './export.ts';
import { Graphs } from './Graphs.tsx';
import { groupHeatmap, heatmapIndex, isEmpty } from './model.ts';
import styles from './Page.module.css';
import { PageBar } from './PageBar.tsx';
import { QueryBuilder } from './QueryBuilder.tsx';
import { ResultsTab } from './ResultsTab.tsx';
import { GraphSkeleton, Skeleton } from './Skeleton.tsx';
import { StatusLine } from './StatusLine.tsx';
import { TracesTab } from './TracesTab.tsx';
import { TABS, type Tab, useExplore } from './useExplore.ts';
import { useOpenTrace } from './useOpenTrace.ts';
import { useRun } from './useRun.ts';

const NAMES: Record<Tab, string> = {
  results: 'Results',
  bubbleup: 'BubbleUp',
  traces: 'Traces',
  events: 'Events',
};

/** The query builder over every dataset, its graphs, and what lies behind them. */
export function ExplorePage() {
  const explore = useExplore();
  const { env, dataset, asked, draft, selection, tab } = explore;
  const [live, setLive] = useState(false);
  const log = explore.search.y !== 'linear';
  const run = useRun(env, dataset, asked, live, log);
  const { answer } = run;
  const [asText, setAsText] = useState(false);
  const [timeOpen, setTimeOpen] = useState(false);
  const [group, setGroup] = useState<number>();
  const [pointed, setPointed] = useState<{ field: string; value: Cell }>();
  const escapeAt = useRef(0);
  const opener = useOpenTrace(env, dataset, asked, answer);

  const grid = useMemo(() => answer && gridOf(answer), [answer]);
  // What lies behind the picture is asked over the picture's own range, not a newer one.
  const frozen = useMemo(
    () =>
      answer && {
        ...asked,
        range: { kind: 'between' as const, startNs: BigInt(answer.start_ns), endNs: BigInt(answer.end_ns) },
      },
    [answer, asked],
  );
  const ask = useMemo(() => frozen && askOf(env, dataset, specOf(frozen)), [env, dataset, frozen]);

  const heatAt = answer ? answer.calculations.findIndex((one) => one.op === 'HEATMAP') : -1;
  const litAt = selection ? heatmapIndex(asked.calculations, selection.column) : heatAt;
  const litColumn = answer?.calculations[litAt]?.column ?? undefined;
  const litAsk =
    frozen && pointed && litColumn !== undefined && frozen.combination === 'AND'
      ? askOf(env, dataset, {
          ...specOf({
            ...withValue(frozen, pointed.field, pointed.value as CellValue),
            calculations: [{ op: 'HEATMAP', column: litColumn }],
            breakdowns: [],
            orders: [],
            havings: [],
          }),
          granularity: grid ? grid.stepMs / 1000 : 0,
        })
      : undefined;
  const litAnswer = useQuery({
    queryKey: ['lit', litAsk, log],
    queryFn: ({ signal }) => (litAsk ? answerQuery({ ...litAsk, log_heatmap: log }, { signal }) : null),
    enabled: litAsk !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const lit =
    answer && group !== undefined && answer.breakdowns.length > 0
      ? groupHeatmap(answer, litAt, group)
      : litAsk && litAnswer.data
        ? heatmapOf(litAnswer.data, 0)
        : undefined;

  const start = (question = explore.draft) => {
    // The same question again: only fresh data is wanted.
    if (!explore.run(question)) run.again();
  };
  const zoomTo = (box: Pick<Selection, 'startNs' | 'endNs'>) =>
    explore.setRange({ kind: 'between', startNs: box.startNs, endNs: box.endNs });
  const zoomOut = () => {
    if (!grid) return;
    const half = (grid.endMs - grid.startMs) / 2;
    explore.setRange({
      kind: 'between',
      startNs: fromMs(grid.startMs - half),
      endNs: fromMs(Math.min(Date.now(), grid.endMs + half)),
    });
  };
  const onEscape = (event: KeyboardEvent) => {
    if (event.timeStamp - escapeAt.current < 500 && run.running) run.cancel();
    escapeAt.current = event.timeStamp;
    return false;
  };
  useKeys({
    'Shift+Enter': () => {
      if (!explore.run()) run.again();
    },
    r: () => start(asked),
    t: () => setTimeOpen(true),
    z: () => {
      if (selection) zoomTo(selection);
      else if (asked.range.kind === 'between' && window.history.length > 1) window.history.back();
      else zoomOut();
    },
    e: () => setAsText((on) => !on),
    '1': () => explore.setTab('results'),
    '2': () => explore.setTab('bubbleup'),
    '3': () => explore.setTab('traces'),
    '4': () => explore.setTab('events'),
    Escape: onEscape,
  });

  const heat = answer && heatAt >= 0 ? heatmapOf(answer, heatAt) : undefined;
  const empty = answer !== undefined && !run.partial && isEmpty(answer);
  return (
    <>
      <InTopBar slot="actions">
        <TimePicker range={asked.range} change={explore.setRange} open={timeOpen} setOpen={setTimeOpen} />
        <button
          type="button"
          className={`btn hide-s${live ? ' on' : ''}`}
          aria-pressed={live}
          disabled={asked.range.kind !== 'last'}
          title={asked.range.kind === 'last' ? 'Run again every 10 s' : 'A fixed range does not change'}
          onClick={() => setLive(!live)}
        >
          <Icon of={Radio} />
          Live
        </button>
      </InTopBar>
      <div className={styles.page}>
        <PageBar
          explore={explore}
          // While another question runs, the answer is the one before.
          shown={run.running ? undefined : answer}
          asText={asText}
          setAsText={setAsText}
        />
        {asText ? (
          <AsText question={draft} change={explore.edit} run={start} />
        ) : (
          <QueryBuilder
            env={env}
            dataset={dataset}
            question={draft}
            change={explore.edit}
            run={() => {
              if (!explore.run()) run.again();
            }}
            dirty={explore.dirty}
            ran={run.ranAt === undefined ? undefined : clock(run.ranAt, 'local')}
          />
        )}
        {explore.problems.map((problem) => (
          <div key={problem.key} className={`bar thin ${styles.problem}`} role="alert">
            <Icon of={TriangleAlert} small />
            <span className="cut">
              The address has <code>{`${problem.key}=${problem.text}`}</code>, which was passed over:{' '}
              {problem.message}
            </span>
          </div>
        ))}
        <StatusLine run={run} peak={heat?.peak} />
        {run.error ? (
          <div className={styles.failure}>
            <Failure error={run.error} title="The query failed" retry={run.again} />
          </div>
        ) : null}
        {!answer && run.running ? <GraphSkeleton /> : null}
        {answer && grid && empty ? (
          <EmptyAnswer
            env={env}
            dataset={dataset}
            question={asked}
            startNs={BigInt(answer.start_ns)}
            endNs={BigInt(answer.end_ns)}
            run={start}
          />
        ) : null}
        {answer && grid && !empty ? (
          <>
            <div className={run.partial ? styles.partial : undefined}>
              <Graphs
                answer={answer}
                grid={grid}
                heatOnly={tab === 'bubbleup'}
                lit={lit}
                litAt={litAt}
                linear={!log}
                setLinear={(linear) => explore.view({ y: linear ? 'linear' : undefined })}
                selection={selection}
                select={explore.select}
                bubbling={tab === 'bubbleup'}
                bubbleUp={() => explore.setTab('bubbleup')}
                zoom={zoomTo}
                openCell={opener.openCell}
                openPoint={opener.openPoint}
              />
            </div>
            {opener.message ? (
              <div className="bar thin" role="status">
                {opener.message}
              </div>
            ) : null}
            <div className="tabs">
              <div role="tablist" aria-label="What lies behind the graph">
                {TABS.map((one) => (
                  <button
                    key={one}
                    type="button"
                    role="tab"
                    id={`tab-${one}`}
                    aria-selected={tab === one}
                    aria-controls="tab-panel"
                    onClick={() => explore.setTab(one)}
                  >
                    {NAMES[one]}
                    {one === 'results' && answer.breakdowns.length > 0 ? (
                      <span className="n">{answer.results.length}</span>
                    ) : null}
                  </button>
                ))}
              </div>
              <span className="grow" />
              <span className="row hide-s">
                <button type="button" className="btn sm ghost" onClick={() => exportCsv(answer)}>
                  <Icon of={Download} small />
                  CSV
                </button>
                <button type="button" className="btn sm ghost" onClick={() => exportJson(answer)}>
                  JSON
                </button>
              </span>
            </div>
            <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className={styles.panel}>
              {tab === 'results' ? (
                <ResultsTab
                  answer={answer}
                  sort={explore.search.sort}
                  setSort={(sort) => explore.view({ sort })}
                  hover={setGroup}
                  openTrace={(id) => opener.openTrace(id)}
                />
              ) : !ask || !frozen || run.partial ? (
                <Skeleton rows={8} />
              ) : tab === 'bubbleup' ? (
                <BubbleUpTab ask={ask} selection={selection} hover={setPointed} />
              ) : tab === 'traces' ? (
                <TracesTab env={env} ask={ask} />
              ) : (
                <EventsTab
                  ask={ask}
                  question={frozen}
                  open={explore.search.row}
                  setOpen={(row) => explore.view({ row })}
                  openTrace={opener.openRow}
                />
              )}
            </div>
          </>
        ) : null}
      </div>
    </>
  );
}
