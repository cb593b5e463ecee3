import { Outlet } from '@tanstack/react-router';
import { type CSSProperties, Suspense, useEffect, useState } from 'react';
import { Empty } from '@/design/Empty.tsx';
import { environmentColour } from '@/lib/color.ts';
import { rememberEnvironment, useEnvironment } from './environment.ts';
import { HealthBar } from './HealthBar.tsx';
import { Rail } from './Rail.tsx';
import { Shortcuts } from './Shortcuts.tsx';
import { TopBar } from './TopBar.tsx';

const WIDE = 'foursight.rail';

function storedWide(): boolean {
  try {
    return localStorage.getItem(WIDE) === 'wide';
  } catch {
    return false;
  }
}

/** The frame of every page of an environment: rail, top bar, and the page. */
export function Shell() {
  const { slug, info } = useEnvironment();
  const [wide, setWide] = useState(storedWide);
  useEffect(() => {
    if (info) rememberEnvironment(info.slug);
  }, [info]);
  const toggle = () => {
    setWide(!wide);
    try {
      localStorage.setItem(WIDE, wide ? 'narrow' : 'wide');
    } catch {
      // Storage may be forbidden; the rail then keeps its width as long as the page lives.
    }
  };
  return (
    <div
      className={`app${wide ? ' wide' : ''}`}
      style={info ? ({ '--env': environmentColour(info.color) } as CSSProperties) : undefined}
    >
      <a className="skip btn" href="#main">
        Skip to content
      </a>
      <Rail env={slug} wide={wide} toggle={toggle} />
      <TopBar />
      <main className="page" id="main" tabIndex={-1}>
        <HealthBar />
        {info ? (
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        ) : (
          <Empty title={`There is no environment “${slug}”`}>
            <p>It may have been renamed, or the link is of another server. Choose one at the top left.</p>
          </Empty>
        )}
      </main>
      <Shortcuts />
    </div>
  );
}
