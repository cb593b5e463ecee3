import { useQuery } from '@tanstack/react-query';
import { Link, Navigate, useSearch } from '@tanstack/react-router';
import { ApiError } from '@/api/client.ts';
import { useEnvironment } from '@/app/environment.ts';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { rowName } from './describe.ts';
import { loneQuery } from './load.ts';
import { RequestView } from './RequestView.tsx';
import { Skeleton } from './Skeleton.tsx';
import type { RequestSearch } from './search.ts';
import { useAddress } from './useAddress.ts';

const HEX_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/u;

/** One request, opened by any row of it. One that carries a trace id is shown at its trace. */
export function RequestPage() {
  const { slug: env } = useEnvironment();
  const { trace, span, event, at, ...rest }: RequestSearch = useSearch({ strict: false });
  if (trace) return <Navigate {...paths.trace(env, trace)} search={{ ...rest, span }} replace />;
  if (!event || !at) {
    return (
      <Empty title="Which request?">
        <p>Open it from a span, a segment, a log line or an error: each has “Same request”.</p>
      </Empty>
    );
  }
  return <OfRow key={event} env={env} event={event} at={at} />;
}

function OfRow({ env, event, at }: { env: string; event: string; at: string }) {
  const address = useAddress();
  const lone = useQuery(loneQuery(env, event, at));
  if (lone.isPending) return <Skeleton />;
  if (lone.isError) {
    const retry = () => void lone.refetch();
    if (!(lone.error instanceof ApiError && lone.error.status === 404)) {
      return <Failure error={lone.error} retry={retry} title="The row did not come" />;
    }
    return (
      <Empty title="This row is not here">
        <p>It may be older than what is kept, or have been deleted with its group or project.</p>
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
  const { row, laidOut } = lone.data;
  const name = rowName(laidOut.data, laidOut.layout, 0);
  const trace = row.fields['trace.trace_id'];
  if (typeof trace === 'string' && HEX_ID.test(trace)) {
    const [{ event: _event, at: _at, ...rest }] = address;
    const search = { ...rest, span: rest.span ?? name, from: row.ts_ns, to: row.ts_ns };
    return <Navigate {...paths.trace(env, trace)} search={search} replace />;
  }
  return (
    <RequestView
      env={env}
      base={laidOut}
      baseAt={lone.dataUpdatedAt}
      from={{ event_id: event, at_ns: at }}
      first={name}
      address={address}
      busy={lone.isFetching}
      refresh={() => void lone.refetch()}
    />
  );
}
