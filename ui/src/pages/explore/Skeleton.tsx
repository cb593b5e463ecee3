import styles from './Skeleton.module.css';

/** Rows that are on their way; shown only after 150 ms. */
export function Skeleton({ rows }: { rows: number }) {
  return (
    <div className={styles.rows} aria-hidden="true">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
        <div key={i} className="skeleton" />
      ))}
    </div>
  );
}

/** The place of a graph that is on its way. */
export function GraphSkeleton() {
  return (
    <div className={styles.graph} aria-hidden="true">
      <div className="skeleton" />
    </div>
  );
}
