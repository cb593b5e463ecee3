import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { Check, ChevronDown, Database } from 'lucide-react';
import { datasetsQuery } from '@/api/queries.ts';
import { Icon } from '@/design/Icon.tsx';
import { short } from '@/lib/format.ts';

/** One dataset, or all of the environment's. */
export function DatasetPicker({
  env,
  dataset,
  change,
}: {
  env: string;
  dataset: string | undefined;
  change: (slug: string | undefined) => void;
}) {
  const { data = [] } = useQuery({ ...datasetsQuery(env), refetchInterval: 15_000 });
  const current = data.find((one) => one.slug === dataset);
  return (
    <Menu.Root>
      <Menu.Trigger className="btn sm">
        <Icon of={Database} small />
        {dataset === undefined ? 'All data sets' : (current?.name ?? dataset)}
        <span className="muted">
          {dataset === undefined ? (data.length > 0 ? data.length : '') : 'data set'}
        </span>
        <Icon of={ChevronDown} small />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" align="start" sideOffset={4}>
          <Menu.Popup className="menu">
            <Menu.Item className="item" onClick={() => change(undefined)}>
              All data sets
              {dataset === undefined ? <Icon of={Check} small className="right" /> : null}
            </Menu.Item>
            <Menu.Separator className="sep" />
            {data.map((one) => (
              <Menu.Item key={one.slug} className="item" onClick={() => change(one.slug)}>
                <span className="cut">{one.name}</span>
                <span className="muted right">{short(one.rows)}</span>
                {one.slug === dataset ? <Icon of={Check} small /> : null}
              </Menu.Item>
            ))}
            {data.length === 0 ? <div className="cap">nothing arrived yet</div> : null}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
