import { useEffect, useRef } from 'react';

/** Answers a key; `false` says it was not for us. */
export type KeyHandler = (event: KeyboardEvent) => unknown;

/** Whether the key belongs to a field in which the reader types. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches('input:not([type=checkbox]):not([type=radio]), textarea, select, [role=combobox]')
  );
}

/**
 * Keys of a page, by `event.key`, with `Shift+`, `Ctrl+` before it when it is a named key. Single characters
 * do nothing while the reader types, nor while a menu or dialog has the focus.
 */
export function useKeys(handlers: Readonly<Record<string, KeyHandler>>): void {
  const current = useRef(handlers);
  useEffect(() => {
    current.current = handlers;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.altKey) return;
      const named = event.key.length > 1;
      const ctrl = event.ctrlKey || event.metaKey;
      const name = `${ctrl ? 'Ctrl+' : ''}${event.shiftKey && named ? 'Shift+' : ''}${event.key}`;
      const handler = current.current[name];
      if (!handler) return;
      if (!named && !ctrl) {
        if (isTyping(event.target)) return;
        if (
          event.target instanceof Element &&
          event.target.closest('[role=menu], [role=dialog], [role=listbox]')
        )
          return;
      }
      if (handler(event) !== false) event.preventDefault();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
