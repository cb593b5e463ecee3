import { type RefObject, useLayoutEffect, useRef } from 'react';
import { at } from './columns.ts';
import { findRow, rowName } from './describe.ts';
import type { TraceView } from './useTraceView.ts';
import { indexOfRow } from './visible.ts';

/**
 * Keeps what the reader looks at where it is when rows come in between: the selected row if it is in view, else the
 * first one in view. Answers a function that says whether the rows just changed under an unchanged selection.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLElement | null>,
  view: TraceView,
  rowHeight: number,
): () => boolean {
  const before = useRef(view);
  const kept = useRef(false);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = view;
    kept.current = false;
    const element = scroller.current;
    if (!element || old.layout === view.layout || old.rows.length === 0) return;
    const name = rowName(old.data, old.layout, old.selected);
    // What was to be selected may have come only now: then it is to be shown.
    kept.current = name === rowName(view.data, view.layout, view.selected);
    const top = Math.floor(element.scrollTop / rowHeight);
    const bottom = top + Math.floor(element.clientHeight / rowHeight) - 1;
    const selected = indexOfRow(old.layout, old.rows, old.selected);
    const held = selected >= top && selected < bottom ? selected : top;
    const position = findRow(view.data, view.layout, rowName(old.data, old.layout, at(old.rows, held)));
    const now = indexOfRow(view.layout, view.rows, position);
    if (now >= 0) element.scrollTop += (now - held) * rowHeight;
  }, [scroller, view, rowHeight]);
  return () => {
    const was = kept.current;
    kept.current = false;
    return was;
  };
}
