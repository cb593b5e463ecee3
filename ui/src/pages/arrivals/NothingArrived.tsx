import { Link } from '@tanstack/react-router';
import { paths } from '@/app/paths.ts';
import { Empty } from '@/design/Empty.tsx';
import type { Filter } from './model.ts';

interface Props {
  env: string;
  /** Something arrived since the server keeps count. */
  ever: boolean;
  filter: Filter;
  change: (patch: Record<'outcome' | 'protocol' | 'key' | 'sender', undefined>) => void;
}

/** Which kind of nothing this is, and the way on. */
export function NothingArrived({ env, ever, filter, change }: Props) {
  const filtered = filter.outcome !== 'all' || filter.protocol || filter.key || filter.sender;
  if (filtered) {
    return (
      <Empty
        title={
          filter.outcome === 'refused' && !filter.protocol && !filter.key && !filter.sender
            ? 'Nothing was refused'
            : 'No delivery is like this'
        }
      >
        <p>Others may have arrived: the list shows only what you picked above.</p>
        <button
          type="button"
          className="btn"
          onClick={() =>
            change({ outcome: undefined, protocol: undefined, key: undefined, sender: undefined })
          }
        >
          Show all
        </button>
      </Empty>
    );
  }
  if (ever) {
    return (
      <Empty title="Nothing arrived since the server started">
        <p>The counters above are of earlier runs. What arrives now shows here at once.</p>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing has arrived yet">
      <p>
        Whatever reaches this server on any port shows here at once, taken or refused, with the reason and the
        fix.
      </p>
      <Link {...paths.send(env)} className="btn primary">
        Send data
      </Link>
    </Empty>
  );
}
