import { useCallback, useLayoutEffect, useRef } from 'react';

/** A function that stays the same and always does what the latest one does: memoised rows keep their props. */
export function useStable<A extends unknown[], R>(latest: (...args: A) => R): (...args: A) => R {
  const current = useRef(latest);
  useLayoutEffect(() => {
    current.current = latest;
  });
  return useCallback((...args: A) => current.current(...args), []);
}
