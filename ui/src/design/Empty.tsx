import type { ReactNode } from 'react';

/** A panel with nothing to show: `title` says which kind of nothing, the children why and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
