import { useState } from 'react';

const KEY = 'foursight.trace.panel';

export interface PanelSize {
  docked: boolean;
  width: number;
  height: number;
}

const FIRST: PanelSize = { docked: false, width: 396, height: 300 };

function stored(): PanelSize {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    const { docked, width, height } = (
      typeof read === 'object' && read !== null ? read : {}
    ) as Partial<PanelSize>;
    return {
      docked: docked === true,
      width: typeof width === 'number' && width >= 240 ? width : FIRST.width,
      height: typeof height === 'number' && height >= 120 ? height : FIRST.height,
    };
  } catch {
    return FIRST;
  }
}

/** Where the panel stands and how large it is: the reader's habit, so it is kept in the browser, not the address. */
export function usePanelSize(): [PanelSize, (change: Partial<PanelSize>) => void] {
  const [size, setSize] = useState(stored);
  const change = (next: Partial<PanelSize>) => {
    const all = { ...size, ...next };
    setSize(all);
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      // Storage may be forbidden; the size then lasts as long as the page.
    }
  };
  return [size, change];
}
