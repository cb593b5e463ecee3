import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { RequestSearch } from './search.ts';

type Patch = { [K in keyof RequestSearch]?: string | undefined };

/** Walking through rows changes the address many times a second; it is written when the reader pauses. */
const WRITE_AFTER_MS = 150;

/**
 * The page's part of the address. Changes show at once and are written to the address a moment later; `push`
 * makes them a step that Back undoes.
 */
export function useAddress(): [RequestSearch, (patch: Patch, push?: 'push') => void] {
  const search: RequestSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [pending, setPending] = useState<Patch>({});
  const waiting = useRef<{ patch: Patch; timer: ReturnType<typeof setTimeout> | undefined }>({
    patch: {},
    timer: undefined,
  });

  // What was pending stands in the address now, or Back has overruled it.
  const [before, setBefore] = useState(search);
  if (before !== search) {
    setBefore(search);
    setPending({});
  }

  const write = useCallback(
    (push: boolean) => {
      const { patch } = waiting.current;
      clearTimeout(waiting.current.timer);
      waiting.current = { patch: {}, timer: undefined };
      void navigate({ to: '.', search: (old: object) => ({ ...old, ...patch }), replace: !push });
    },
    [navigate],
  );
  const change = useCallback(
    (patch: Patch, push?: 'push') => {
      clearTimeout(waiting.current.timer);
      waiting.current.patch = { ...waiting.current.patch, ...patch };
      setPending((old) => ({ ...old, ...patch }));
      if (push) write(true);
      else waiting.current.timer = setTimeout(() => write(false), WRITE_AFTER_MS);
    },
    [write],
  );
  useEffect(() => () => clearTimeout(waiting.current.timer), []);
  return [{ ...search, ...pending }, change];
}
