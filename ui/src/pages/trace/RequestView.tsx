import { InTopBar } from '@/app/TopBar.tsx';
import { title } from './describe.ts';
import type { LaidOut, RequestFrom } from './load.ts';
import { TraceBody } from './TraceBody.tsx';
import type { useAddress } from './useAddress.ts';
import { useRequest } from './useRequest.ts';

interface Props {
  env: string;
  /** What was asked for: shown at once. */
  base: LaidOut;
  baseAt: number;
  from: RequestFrom;
  /** The row selected at first; left out: the first one. */
  first?: string;
  address: ReturnType<typeof useAddress>;
  busy: boolean;
  refresh: () => void;
}

/** One request as all sources tell it. */
export function RequestView({ env, base, baseAt, from, first, address, busy, refresh }: Props) {
  const { laidOut, others } = useRequest(env, base, baseAt, from);
  const [search, change] = address;
  const { data, layout } = laidOut;
  return (
    <>
      <InTopBar slot="crumb">/ {title(data, layout, 0)}</InTopBar>
      <div className="progress" aria-hidden="true">
        {busy || others.state === 'asking' ? <i /> : null}
      </div>
      <TraceBody
        env={env}
        laidOut={laidOut}
        others={others}
        first={first}
        search={search}
        change={change}
        refresh={() => {
          refresh();
          others.again();
        }}
      />
    </>
  );
}
