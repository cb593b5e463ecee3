import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, Play } from 'lucide-react';
import { useState } from 'react';
import { groupsQuery } from '@/api/logs.ts';
import { useEnvironment } from '@/app/environment.ts';
import { LinesOrInsights } from '@/app/LinesOrInsights.tsx';
import { InTopBar } from '@/app/TopBar.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { Picker } from '@/design/Picker.tsx';
import { download } from '@/lib/csv.ts';
import { bytes, count } from '@/lib/format.ts';
import { remember } from '@/lib/recent.ts';
import { fromMs, nanos, toMs } from '@/lib/time.ts';
import { parseRange, renderRange, resolveRange } from '@/query/range.ts';
import { TimePicker } from '@/query/TimePicker.tsx';
import { Course } from './Course.tsx';
import { withField } from './complete.ts';
import { Editor } from './Editor.tsx';
import { FieldsFound } from './FieldsFound.tsx';
import { History } from './History.tsx';
import styles from './insights.module.css';
import { asCsv, asJson } from './model.ts';
import { Results } from './Results.tsx';
import type { InsightsSearch } from './search.ts';
import { useLogQuery } from './useLogQuery.ts';
import { useWords } from './words.ts';

const OPENING = 'fields @timestamp, @message\n| sort @timestamp desc\n| limit 100';
const EXAMPLES: readonly { name: string; query: string }[] = [
  { name: 'Newest lines', query: OPENING },
  { name: 'Lines over time', query: 'stats count(*) by bin(5m)' },
  {
    name: 'Errors',
    query: 'fields @timestamp, @message\n| filter @message like /(?i)error/\n| sort @timestamp desc',
  },
  {
    name: 'By stream',
    query: 'stats count(*) as lines, max(@timestamp) as last by @logStream\n| sort lines desc',
  },
];

/** A question over lines, in the language of Logs Insights; runs on Shift+Enter. */
export function InsightsPage() {
  const { slug: env } = useEnvironment();
  const search: InsightsSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const groups = useQuery(groupsQuery(env)).data ?? [];
  const group = search.group ?? groups[0]?.name;
  const words = useWords(env, group, groups.find((one) => one.name === group)?.dataset);
  const asked = search.q ?? OPENING;
  const [text, setText] = useState(asked);
  const [picking, setPicking] = useState(false);
  const [askedMs, setAskedMs] = useState(Date.now);
  const range = parseRange(search.t ?? '-1h') ?? { kind: 'last' as const, seconds: 3600 };
  const { startNs, endNs } = resolveRange(range, askedMs);
  const run = useLogQuery(
    group === undefined
      ? undefined
      : { env, groups: [group], query: asked, startNs: String(startNs), endNs: String(endNs) },
  );
  const change = (patch: { [K in keyof InsightsSearch]?: string | undefined }) => {
    setAskedMs(Date.now());
    void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }) });
  };
  const ask = (query: string, where: { group?: string; t?: string } = {}) => {
    setText(query);
    remember(env, { q: query, group, t: search.t, ...where, atMs: Date.now() });
    change({ q: query, ...where });
  };
  const answer = run.answer;
  return (
    <>
      <InTopBar slot="actions">
        <TimePicker
          range={range}
          change={(next) => change({ t: renderRange(next) })}
          open={picking}
          setOpen={setPicking}
        />
      </InTopBar>
      <div className={`bar ${styles.bar}`}>
        <Picker
          name="Group"
          value={group}
          choices={groups.map((one) => ({ value: one.name, label: one.name }))}
          pick={(next) => change({ group: next })}
        />
        <Picker
          name="Examples"
          value={undefined}
          choices={EXAMPLES.map((one) => ({ value: one.query, label: one.name }))}
          pick={(query) => {
            ask(query ?? OPENING);
          }}
        />
        <span className="grow" />
        <History
          env={env}
          rerun={(ran) =>
            ask(ran.q, { ...(ran.group ? { group: ran.group } : {}), ...(ran.t ? { t: ran.t } : {}) })
          }
        />
        <LinesOrInsights env={env} group={group} t={search.t} />
      </div>
      <form
        className={styles.editor}
        onSubmit={(event) => {
          event.preventDefault();
          ask(text);
        }}
      >
        <Editor text={text} setText={setText} run={() => ask(text)} words={words} />
        <div className={styles.run}>
          {run.running ? (
            <button type="button" className="btn" onClick={run.cancel}>
              Cancel
            </button>
          ) : (
            <button type="submit" className="btn primary">
              <Icon of={Play} small />
              Run <kbd>⇧⏎</kbd>
            </button>
          )}
        </div>
        <FieldsFound fields={words.fields} add={(name) => setText(withField(text, name))} />
      </form>
      <div className="bar thin" role="status">
        {answer ? (
          <>
            {run.running || answer.partial ? (
              <span className="tag warn" title="Older lines of this time are not read yet, or time ran out">
                partial
              </span>
            ) : null}
            <span className="cut">
              {count(answer.matched)} of {count(answer.scanned)} lines matched, {bytes(answer.bytes)} read,{' '}
              {(answer.elapsed_us / 1e6).toFixed(2)} s
            </span>
            <span className="grow" />
            <span>
              Results <b className="strong">{count(answer.rows.length)}</b>
            </span>
            <button
              type="button"
              className="btn sm ghost"
              onClick={() => download('foursight.csv', 'text/csv;charset=utf-8', asCsv(answer))}
            >
              <Icon of={Download} small />
              CSV
            </button>
            <button
              type="button"
              className="btn sm ghost"
              onClick={() => download('foursight.json', 'application/json', asJson(answer))}
            >
              JSON
            </button>
          </>
        ) : (
          <span className="muted">{run.running ? 'reading…' : ''}</span>
        )}
      </div>
      {run.error ? (
        <Failure error={run.error} title="The question cannot be answered" />
      ) : answer ? (
        <>
          {answer.matched > 0 ? (
            <Course
              answer={answer}
              query={asked}
              startMs={toMs(nanos(startNs))}
              endMs={toMs(nanos(endNs))}
              zoom={(from, to) =>
                change({
                  t: renderRange({ kind: 'between', startNs: fromMs(from), endNs: fromMs(to) }),
                })
              }
            />
          ) : null}
          <Results answer={answer} />
        </>
      ) : (
        <div className="skeleton" aria-busy={run.running} />
      )}
    </>
  );
}
