import { useMemo } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import styles from './panel.module.css';

/** The row's fields as JSON, by name. */
export function RawTab({ fields }: { fields: Record<string, unknown> }) {
  const text = useMemo(
    () =>
      JSON.stringify(
        Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))),
        null,
        2,
      ),
    [fields],
  );
  return (
    <>
      <div className={styles.find}>
        <CopyButton text={text} label="Copy JSON" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <pre className={styles.json} tabIndex={0}>
        {text}
      </pre>
    </>
  );
}
