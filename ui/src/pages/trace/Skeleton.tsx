import styles from './trace.module.css';

const BONES = [100, 62, 48, 80, 30, 55, 41, 70, 36, 52];

/** The page before anything of the request has come. */
export function Skeleton() {
  return (
    <div aria-busy="true">
      <span className="vh">Loading the request</span>
      <div className={styles.head}>
        <div className={`skeleton ${styles.bone}`} style={{ width: 240 }} />
      </div>
      <div className="bar sub" />
      <div className={styles.bones}>
        {BONES.map((width) => (
          <div key={width} className={`skeleton ${styles.bone}`} style={{ width: `${width}%` }} />
        ))}
      </div>
    </div>
  );
}
