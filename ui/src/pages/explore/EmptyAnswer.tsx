import { useQueries, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answerQuery, askOf, datasetsQuery } from '@/api/queries.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { count } from '@/lib/format.ts';
import { dateTime } from '@/lib/time.ts';
import { type Question, type Range, specOf } from '@/query/model.ts';
import { sayRange } from '@/query/range.ts';
import { renderFilter } from '@/query/text.ts';
import styles from './EmptyAnswer.module.css';

interface Props {
  env: string;
  dataset: string | undefined;
  question: Question;
  startNs: bigint;
  endNs: bigint;
  run: (question: Question) => void;
}

/** More conditions than this are not tried out one by one. */
const TRIED = 6;

/** Says which kind of nothing this is, and the way out of it. */
export function EmptyAnswer({ env, dataset, question, startNs, endNs, run }: Props) {
  const datasets = useQuery(datasetsQuery(env));
  const here = (datasets.data ?? []).filter((one) => dataset === undefined || one.slug === dataset);
  const range: Range = { kind: 'between', startNs, endNs };
  const tried = question.filters.slice(0, TRIED).map((_, at) => ({
    ...question,
    filters: question.filters.filter((__, i) => i !== at),
  }));
  const counts = useQueries({
    queries: tried.map((one) => {
      const ask = askOf(
        env,
        dataset,
        specOf({
          ...one,
          calculations: [{ op: 'COUNT' }],
          breakdowns: [],
          orders: [],
          havings: [],
          range,
        }),
      );
      return {
        queryKey: ['count', ask],
        queryFn: ({ signal }: { signal: AbortSignal }) => answerQuery(ask, { signal }),
        staleTime: Number.POSITIVE_INFINITY,
      };
    }),
  });
  if (!datasets.data) return null;
  const last = here.flatMap((one) => (one.last_written_ns ? [BigInt(one.last_written_ns)] : []));
  if (last.length === 0) {
    return (
      <Empty
        title={
          dataset === undefined ? 'Nothing has arrived here yet' : `Nothing has arrived in “${dataset}” yet`
        }
      >
        <p>
          Send something, and it can be asked about at once. If you did send: Arrivals shows what was refused,
          and why.
        </p>
        <span className="row">
          <Link {...paths.send(env)} className="btn primary">
            Send data
          </Link>
          <Link {...paths.arrivals(env)} className="btn">
            Arrivals
          </Link>
        </span>
      </Empty>
    );
  }
  const best = counts
    .map((one, at) => ({ at, n: Number(one.data?.total.COUNT ?? 0) }))
    .filter((one) => one.n > 0)
    .sort((a, b) => b.n - a.n);
  if (question.filters.length > 0 && (best.length > 0 || counts.some((one) => one.isFetching))) {
    return (
      <Empty title="The conditions exclude everything">
        <p>Without one of them there would be events in this range:</p>
        <ul className={styles.list}>
          {best.map(({ at, n }) => {
            const [filter, without] = [question.filters[at], tried[at]];
            return filter && without ? (
              <li key={at}>
                <button type="button" className="btn" onClick={() => run(without)}>
                  Drop <code>{renderFilter(filter)}</code>
                  <span className="muted">{count(n)} events</span>
                </button>
              </li>
            ) : null;
          })}
        </ul>
      </Empty>
    );
  }
  const newest = last.sort((a, b) => (a < b ? 1 : -1))[0] ?? 0n;
  const wider = widerThan(question.range);
  return (
    <Empty title="Nothing in this range">
      <p>The last event came {dateTime(Number(newest / 1_000_000n))} UTC.</p>
      <span className="row">
        {wider ? (
          <button type="button" className="btn" onClick={() => run({ ...question, range: wider })}>
            Widen to {sayRange(wider)}
          </button>
        ) : null}
        <button
          type="button"
          className="btn"
          onClick={() =>
            run({
              ...question,
              range: {
                kind: 'between',
                startNs: newest - 3_600_000_000_000n,
                endNs: newest + 1_000_000_000n,
              },
            })
          }
        >
          The hour before the last event
        </button>
      </span>
    </Empty>
  );
}

function widerThan(range: Range): Range | undefined {
  if (range.kind === 'between') {
    const length = range.endNs - range.startNs;
    return { kind: 'between', startNs: range.startNs - length, endNs: range.endNs + length };
  }
  const next = [3600, 7200, 21_600, 86_400, 604_800, 2_419_200, 5_184_000].find((s) => s > range.seconds);
  return next === undefined ? undefined : { kind: 'last', seconds: next };
}
