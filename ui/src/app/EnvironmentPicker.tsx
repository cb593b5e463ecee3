import { Menu } from '@base-ui/react/menu';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ChevronDown, Plus } from 'lucide-react';
import { sessionQuery } from '@/api/queries.ts';
import { Icon } from '@/design/Icon.tsx';
import { environmentColour } from '@/lib/color.ts';
import { useEnvironment } from './environment.ts';
import { paths } from './paths.ts';

/** Which environment we look at; changing it starts anew in Explore, as ids and fields differ. */
export function EnvironmentPicker() {
  const { slug, info } = useEnvironment();
  const { data } = useSuspenseQuery(sessionQuery());
  const navigate = useNavigate();
  const name = info?.name ?? slug;
  return (
    <Menu.Root>
      <Menu.Trigger className="env" aria-label={`Environment ${name}`} title={name}>
        <span className="dot" style={{ color: environmentColour(info?.color) }} />
        <span className="cut">{name}</span>
        <Icon of={ChevronDown} small />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="positioner" align="start" sideOffset={4}>
          <Menu.Popup className="menu">
            {data.environments.map((one) => (
              <Menu.Item
                key={one.slug}
                className="item"
                onClick={() => void navigate(paths.explore(one.slug))}
              >
                <span className="dot" style={{ color: environmentColour(one.color) }} />
                {one.name}
              </Menu.Item>
            ))}
            <Menu.Separator className="sep" />
            <Menu.Item className="item" onClick={() => void navigate({ to: '/new' })}>
              <Icon of={Plus} />
              New environment
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
