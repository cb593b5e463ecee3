import { ListTree, X } from 'lucide-react';
import { useState } from 'react';
import type { Row } from '@/api/types.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { plural, valueText } from '@/lib/format.ts';
import type { CellValue } from '@/query/change.ts';
import { Value } from '@/query/Value.tsx';
import styles from './EventPanel.module.css';
import { fieldsOf } from './events.ts';

/** All fields of one event; each value can be asked about. */
export function EventPanel({
  row,
  close,
  openTrace,
}: {
  row: Row;
  close: () => void;
  openTrace: () => void;
}) {
  const [filter, setFilter] = useState('');
  const all = fieldsOf(row);
  const needle = filter.trim().toLowerCase();
  const shown = all.filter(
    ([name, value]) => name.toLowerCase().includes(needle) || valueText(value).toLowerCase().includes(needle),
  );
  return (
    <aside className={`panel ${styles.panel}`} aria-label="Event">
      <div className="head">
        <h2 className="cut">{valueText(row.name ?? row.dataset)}</h2>
        <span className={`muted hide-m ${styles.count}`}>{plural(all.length, 'field')}</span>
        <span className="grow" />
        {typeof row['trace.trace_id'] === 'string' ? (
          <button type="button" className="btn sm" onClick={openTrace}>
            <Icon of={ListTree} small />
            Trace
          </button>
        ) : null}
        <CopyButton text={JSON.stringify(row, null, 2)} name="Copy as JSON" />
        <button type="button" className="btn sm ghost icon" aria-label="Close" onClick={close}>
          <Icon of={X} small />
        </button>
      </div>
      <div className={styles.filter}>
        <input
          className="input"
          placeholder="Filter fields"
          aria-label="Filter fields"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
      </div>
      <dl className={`kv ${styles.fields}`}>
        {shown.map(([name, value]) => (
          <div key={name} className={styles.pair}>
            <dt title={name}>{name}</dt>
            <dd>
              <Value field={name} value={value as CellValue} />
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
