import type { CellValue } from './change.ts';

export interface ValueMenuTarget {
  anchor: HTMLElement;
  field: string;
  /** `undefined`: the field itself, no value of it. */
  value: CellValue | undefined;
  dataset?: string | undefined;
  /** What to visualize of it there; left out: where the time goes. */
  v?: string | undefined;
}

let target: ValueMenuTarget | undefined;
const listeners = new Set<() => void>();

/** Opens the one menu of values at an element. */
export function openValueMenu(next: ValueMenuTarget): void {
  target = next;
  for (const listener of listeners) listener();
}

export function closeValueMenu(): void {
  target = undefined;
  for (const listener of listeners) listener();
}

export function subscribeValueMenu(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function valueMenuTarget(): ValueMenuTarget | undefined {
  return target;
}
