import { type RefObject, useCallback, useLayoutEffect, useState } from 'react';

/** Rows drawn above and below the view, so that a quick scroll finds them there. */
const SPARE_ROWS = 16;
/** The range moves in steps, so that most scroll events draw nothing anew. */
const STEP_ROWS = 8;

/**
 * Which of `count` rows of one height are in view of a scrolling element, below a head that sticks. All rows have the same height, so this
 * is arithmetic; nothing is measured but the element itself.
 */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  headHeight = 0,
): { first: number; end: number; show: (index: number) => void; page: number } {
  const [range, setRange] = useState({ first: 0, end: 64, page: 20 });
  const update = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    const page = Math.max(1, Math.floor((element.clientHeight - headHeight) / rowHeight));
    const top = Math.floor(element.scrollTop / rowHeight);
    const first = Math.max(0, Math.floor((top - SPARE_ROWS) / STEP_ROWS) * STEP_ROWS);
    const end = Math.ceil((top + page + SPARE_ROWS) / STEP_ROWS) * STEP_ROWS;
    setRange((old) =>
      old.first === first && old.end === end && old.page === page ? old : { first, end, page },
    );
  }, [scroller, rowHeight, headHeight]);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    update();
    element.addEventListener('scroll', update, { passive: true });
    const watch = new ResizeObserver(update);
    watch.observe(element);
    return () => {
      element.removeEventListener('scroll', update);
      watch.disconnect();
    };
  }, [scroller, update]);

  const show = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (!element || index < 0) return;
      const top = index * rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + element.clientHeight - headHeight) {
        element.scrollTop = top + rowHeight + headHeight - element.clientHeight;
      }
    },
    [scroller, rowHeight, headHeight],
  );
  return {
    first: Math.min(range.first, Math.max(0, count - 1)),
    end: Math.min(range.end, count),
    page: range.page,
    show,
  };
}
