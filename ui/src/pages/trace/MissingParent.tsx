import { plural } from '@/lib/format.ts';
import { at } from './columns.ts';
import styles from './panel.module.css';
import type { TraceView } from './useTraceView.ts';

/** Why a row is only inferred, and what to look at. */
export function MissingParent({ view, position }: { view: TraceView; position: number }) {
  const { layout } = view;
  const end = position + at(layout.size, position);
  let children = 0;
  for (let p = position + 1; p < end; p += at(layout.size, p)) children += 1;
  return (
    <div className={styles.missing}>
      <p>
        {plural(children, 'span')} of this trace {children === 1 ? 'names' : 'name'}{' '}
        <code>{layout.missing.get(position)}</code> as parent, but no such span has arrived. Its times are
        inferred from its children.
      </p>
      <ul>
        <li>It may still be under way: a span is sent when it ends, and exporters wait some seconds.</li>
        <li>Its service may send to another environment or with a key that is refused: Arrivals says so.</li>
        <li>
          Its service may pass the trace on without being instrumented, as some proxies and browsers do.
        </li>
        <li>A sampler may have kept the children and not the parent.</li>
      </ul>
    </div>
  );
}
