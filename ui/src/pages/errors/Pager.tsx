import styles from './errors.module.css';

/** Pages of the list; the keys where there is but one. */
export function Pager({ page, pages, go }: { page: number; pages: number; go: (page: number) => void }) {
  return (
    <div className={`bar thin ${styles.foot}${pages > 1 ? '' : ' hide-s'}`}>
      <span className="hide-s">
        <kbd>j</kbd> <kbd>k</kbd> rows
      </span>
      <span className="hide-s">
        <kbd>x</kbd> select
      </span>
      <span className="hide-s">
        <kbd>⏎</kbd> open
      </span>
      {pages > 1 ? (
        <nav className="row right" aria-label="Pages">
          <button type="button" className="btn sm" disabled={page <= 1} onClick={() => go(page - 1)}>
            Previous
          </button>
          <span>
            page {page} of {pages}
          </span>
          <button type="button" className="btn sm" disabled={page >= pages} onClick={() => go(page + 1)}>
            Next
          </button>
        </nav>
      ) : (
        <span className="right muted">dot before the number: first seen in the last hour</span>
      )}
    </div>
  );
}
