import { Link } from '@tanstack/react-router';
import {
  ChartNoAxesColumn,
  Download,
  House,
  PanelLeftClose,
  PanelLeftOpen,
  ScrollText,
  SlidersHorizontal,
  SlidersVertical,
  TriangleAlert,
  Upload,
  Waypoints,
} from 'lucide-react';
import { Icon } from '@/design/Icon.tsx';
import { Logo } from '@/design/Logo.tsx';
import { paths } from './paths.ts';
import { RefusedBadge, useRefused } from './RefusedBadge.tsx';

const places = [
  { to: paths.home, name: 'Home', icon: House },
  { to: paths.explore, name: 'Explore', icon: ChartNoAxesColumn },
  { to: paths.map, name: 'Map', icon: Waypoints },
  { to: paths.sampling, name: 'Sampling', icon: SlidersVertical },
  { to: paths.logs, name: 'Logs', icon: ScrollText },
  { to: paths.errors, name: 'Errors', icon: TriangleAlert },
  { to: paths.arrivals, name: 'Arrivals', icon: Download },
  { to: paths.send, name: 'Send data', icon: Upload },
] as const;

/** Where one can go. Holds only what is built. */
export function Rail({ env, wide, toggle }: { env: string; wide: boolean; toggle: () => void }) {
  const refused = useRefused();
  return (
    <nav className="rail" aria-label="Main">
      <Link to="/" className="logo" aria-label="Foursight">
        <Logo />
        <span>Foursight</span>
      </Link>
      {places.map(({ to, name, icon }) => (
        <Link
          key={name}
          {...to(env)}
          title={wide ? undefined : name}
          aria-label={name === 'Arrivals' && refused ? `${name}, ${refused} refused in the last 5 min` : name}
          activeOptions={{ exact: name === 'Home', includeSearch: false }}
          activeProps={{ 'aria-current': 'page' }}
        >
          <Icon of={icon} />
          <span>{name}</span>
          {name === 'Arrivals' ? <RefusedBadge refused={refused} /> : null}
        </Link>
      ))}
      <span className="gap" />
      <Link
        {...paths.keys(env)}
        title={wide ? undefined : 'Settings'}
        aria-label="Settings"
        activeProps={{ 'aria-current': 'page' }}
      >
        <Icon of={SlidersHorizontal} />
        <span>Settings</span>
      </Link>
      <button
        type="button"
        className="btn ghost icon hide-s"
        aria-label={wide ? 'Narrow rail' : 'Wide rail'}
        onClick={toggle}
      >
        <Icon of={wide ? PanelLeftClose : PanelLeftOpen} />
      </button>
    </nav>
  );
}
