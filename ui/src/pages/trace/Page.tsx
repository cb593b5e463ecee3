import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ApiError } from '@/api/client.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { InTopBar } from '@/app/TopBar.tsx';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { title } from './describe.ts';
import { traceQuery } from './load.ts';
import { TraceBody } from './TraceBody.tsx';
import styles from './trace.module.css';
import { useAddress } from './useAddress.ts';

/** One request: every span of a trace, as a waterfall. */
export function TracePage() {
  const { slug: env } = useEnvironment();
  const { id = '' } = useParams({ strict: false });
  const [search, change] = useAddress();
  const trace = useQuery(traceQuery(env, id, { from: search.from, to: search.to }));

  if (trace.isPending) return <Skeleton />;
  if (trace.isError) {
    if (trace.error instanceof ApiError && trace.error.status === 404) {
      return <NoTrace env={env} id={id} retry={() => void trace.refetch()} />;
    }
    return <Failure error={trace.error} retry={() => void trace.refetch()} title="The trace did not come" />;
  }
  if (trace.data.layout.count === 0) return <NoTrace env={env} id={id} retry={() => void trace.refetch()} />;
  return (
    <>
      <InTopBar slot="crumb">/ {title(trace.data.data, trace.data.layout, 0)}</InTopBar>
      <div className="progress" aria-hidden="true">
        {trace.isFetching ? <i /> : null}
      </div>
      <TraceBody
        key={id}
        env={env}
        laidOut={trace.data}
        search={search}
        change={change}
        refresh={() => void trace.refetch()}
      />
    </>
  );
}

function NoTrace({ env, id, retry }: { env: string; id: string; retry: () => void }) {
  return (
    <Empty title="No span of this trace is here">
      <p>
        <code>{id.slice(0, 64)}</code>
      </p>
      <p>
        It may not have arrived yet: exporters wait some seconds before they send. It may have been sent with
        the key of another environment, refused, or be older than what is kept.
      </p>
      <p className="row">
        <button type="button" className="btn" onClick={retry}>
          Look again
        </button>
        <Link {...paths.arrivals(env)} className="btn">
          See what arrived
        </Link>
      </p>
    </Empty>
  );
}

const BONES = [100, 62, 48, 80, 30, 55, 41, 70, 36, 52];

function Skeleton() {
  return (
    <div aria-busy="true">
      <span className="vh">Loading the trace</span>
      <div className={styles.head}>
        <div className={`skeleton ${styles.bone}`} style={{ width: 240 }} />
      </div>
      <div className="bar sub" />
      <div className={styles.bones}>
        {BONES.map((width) => (
          <div key={width} className={`skeleton ${styles.bone}`} style={{ width: `${width}%` }} />
        ))}
      </div>
    </div>
  );
}
