import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ApiError } from '@/api/client.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { traceQuery } from './load.ts';
import { RequestView } from './RequestView.tsx';
import { Skeleton } from './Skeleton.tsx';
import { useAddress } from './useAddress.ts';

/** One request, opened by the trace that it has. */
export function TracePage() {
  const { slug: env } = useEnvironment();
  const { id = '' } = useParams({ strict: false });
  const address = useAddress();
  const [search] = address;
  const trace = useQuery(traceQuery(env, id, { from: search.from, to: search.to }));

  if (trace.isPending) return <Skeleton />;
  if (trace.isError) {
    if (trace.error instanceof ApiError && trace.error.status === 404) {
      return <NoTrace env={env} id={id} retry={() => void trace.refetch()} />;
    }
    return <Failure error={trace.error} retry={() => void trace.refetch()} title="The trace did not come" />;
  }
  const { data, layout } = trace.data;
  if (layout.count === 0) return <NoTrace env={env} id={id} retry={() => void trace.refetch()} />;
  const end = data.baseNs + BigInt(Math.round(Math.max(0, layout.to)));
  return (
    <RequestView
      key={id}
      env={env}
      base={trace.data}
      baseAt={trace.dataUpdatedAt}
      from={{ trace_id: id, start_ns: String(data.baseNs), end_ns: String(end) }}
      address={address}
      busy={trace.isFetching}
      refresh={() => void trace.refetch()}
    />
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
