import { Search } from 'lucide-react';
import { useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { valueText } from '@/lib/format.ts';
import type { CellValue } from '@/query/change.ts';
import { Value } from '@/query/Value.tsx';
import { fieldKind, sortedFields } from './fields.ts';
import styles from './panel.module.css';

interface Props {
  fields: Record<string, unknown>;
  dataset: string | undefined;
  /** Without its own filter, where it is one list among others. */
  plain?: boolean;
}

/** All fields by name. Each value has the menu; long texts open. */
export function FieldsTab({ fields, dataset, plain = false }: Props) {
  const [text, setText] = useState('');
  const rows = sortedFields(fields, text);
  return (
    <>
      {plain ? null : (
        <div className={styles.find}>
          <div className="input sm">
            <Icon of={Search} />
            <input
              type="text"
              value={text}
              placeholder="Filter fields"
              aria-label="Filter fields"
              spellCheck={false}
              autoComplete="off"
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Escape') return;
                event.stopPropagation();
                if (text === '') event.currentTarget.blur();
                else setText('');
              }}
            />
          </div>
        </div>
      )}
      {rows.length === 0 ? (
        <p className={`muted ${styles.none}`}>No field’s name or value holds “{text}”.</p>
      ) : (
        <dl className={`kv ${styles.fields}`}>
          {rows.map(([name, value]) => (
            <FieldRow key={name} name={name} value={value} dataset={dataset} />
          ))}
        </dl>
      )}
    </>
  );
}

function FieldRow({ name, value, dataset }: { name: string; value: unknown; dataset: string | undefined }) {
  const text = valueText(value);
  const kind = fieldKind(text);
  return (
    <>
      <dt title={name}>{name}</dt>
      {kind === 'short' ? (
        <dd>
          <Value field={name} value={value as CellValue} dataset={dataset} />
        </dd>
      ) : (
        <dd className={styles.long}>
          <details>
            <summary>
              <span className="cut">{text.slice(0, 200)}</span>
            </summary>
            <pre className={styles.pre}>{text}</pre>
          </details>
        </dd>
      )}
    </>
  );
}
