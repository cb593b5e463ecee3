import { useMatches } from '@tanstack/react-router';
import { type ReactNode, useState, useSyncExternalStore } from 'react';
import { createPortal } from 'react-dom';
import { EnvironmentPicker } from './EnvironmentPicker.tsx';
import { Palette } from './palette/Palette.tsx';
import { ShareButton } from './ShareButton.tsx';
import { ThemeMenu } from './ThemeMenu.tsx';

const titles: Record<string, string> = {
  '': 'Home',
  explore: 'Explore',
  'trace/$id': 'Trace',
  map: 'Map',
  sampling: 'Sampling and groups',
  arrivals: 'Arrivals',
  logs: 'Logs',
  errors: 'Errors',
  'errors/$project/$counter': 'Errors',
  insights: 'Logs Insights',
  request: 'Request',
  send: 'Send data',
  'settings/keys': 'Keys',
  'settings/environments': 'Environments',
  'settings/health': 'Health',
};

let slots: { crumb: HTMLElement | null; actions: HTMLElement | null } = { crumb: null, actions: null };
const listeners = new Set<() => void>();
function setSlot(name: 'crumb' | 'actions', element: HTMLElement | null): void {
  if (slots[name] === element) return;
  slots = { ...slots, [name]: element };
  for (const listener of listeners) listener();
}
const setCrumb = (element: HTMLElement | null) => setSlot('crumb', element);
const setActions = (element: HTMLElement | null) => setSlot('actions', element);

/** Environment and place at the left; what the page puts there, share and theme at the right. */
export function TopBar() {
  const last = useMatches().at(-1);
  const path = last?.routeId.replace(/^\/e\/\$env\/?/, '') ?? '';
  const title = titles[path] ?? 'Foursight';
  return (
    <header className="top">
      <title>{`${title} · Foursight`}</title>
      <EnvironmentPicker />
      <div className="crumb">
        <span className="sep">/</span>
        <h1>{title}</h1>
        <span className="muted cut hide-s" ref={setCrumb} />
      </div>
      <span className="grow" />
      <Palette />
      <span className="row" ref={setActions} />
      {/* Explore has its own: what it shows is a question over a range that moves. */}
      {path === 'explore' ? null : <ShareButton />}
      <ThemeMenu />
    </header>
  );
}

/** Puts a page's own controls (its time range, say) or its sub-title into the top bar. */
export function InTopBar({ slot, children }: { slot: 'crumb' | 'actions'; children: ReactNode }) {
  const [subscribe] = useState(() => (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  const element = useSyncExternalStore(subscribe, () => slots[slot]);
  return element ? createPortal(children, element) : null;
}
