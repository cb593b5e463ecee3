import type { NamedText } from '@/api/types.ts';
import styles from './item.module.css';

/** Names and values as they came; long values wrap. */
export function Named({ list }: { list: readonly NamedText[] }) {
  return (
    <dl className={styles.named}>
      {list.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: names may stand twice, and never move
        <div key={i}>
          <dt>{one.name}</dt>
          <dd>{one.value}</dd>
        </div>
      ))}
    </dl>
  );
}
