import { Popover } from '@base-ui/react/popover';
import { useQuery } from '@tanstack/react-query';
import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import { savedQueriesQuery } from '@/api/savedQueries.ts';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import styles from './Saved.module.css';
import { SavedRow } from './SavedRow.tsx';
import { matching } from './saved.ts';

/** Rows drawn at once; the rest is found by words. */
const SHOWN = 100;
/** Fewer than this are seen at a glance. */
const SEARCHED = 6;

/** What the environment has saved: opened, renamed, deleted. */
export function SavedList({ env, current }: { env: string; current: string | undefined }) {
  const [open, setOpen] = useState(false);
  const saved = useQuery(savedQueriesQuery(env));
  const n = saved.data?.length ?? 0;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="btn sm ghost">
        <Icon of={Bookmark} small />
        <span className="hide-s" aria-hidden="true">
          Saved
        </span>
        <span className="vh">Saved queries</span>
        {n > 0 ? <span className="muted">{count(n)}</span> : null}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="positioner" align="end" sideOffset={4}>
          <Popover.Popup className={`popup ${styles.popup} ${styles.list}`} aria-label="Saved queries">
            {saved.error ? (
              <Failure error={saved.error} retry={() => void saved.refetch()} />
            ) : (
              <List env={env} current={current} close={() => setOpen(false)} />
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function List({ env, current, close }: { env: string; current: string | undefined; close: () => void }) {
  const [text, setText] = useState('');
  const { data: saved } = useQuery(savedQueriesQuery(env));
  if (!saved) return <p className={styles.quiet}>Reading…</p>;
  if (saved.length === 0) {
    return (
      <p className={styles.quiet}>
        Nothing is saved in this environment yet. <b className="strong">Save</b> keeps the query that the page
        shows under a name, for everyone who works here.
      </p>
    );
  }
  const found = matching(saved, text);
  return (
    <>
      {saved.length < SEARCHED ? null : (
        <div className={styles.search}>
          <input
            className="input"
            type="search"
            value={text}
            placeholder="name, data set, field …"
            aria-label="Find a saved query"
            onChange={(event) => setText(event.target.value)}
          />
        </div>
      )}
      <ul className={styles.rows}>
        {found.slice(0, SHOWN).map((one) => (
          <SavedRow key={one.id} env={env} saved={one} isCurrent={one.id === current} close={close} />
        ))}
      </ul>
      {found.length === 0 ? <p className={styles.quiet}>None has these words.</p> : null}
      {found.length > SHOWN ? (
        <p className={styles.quiet}>and {count(found.length - SHOWN)} more: find them by their words</p>
      ) : null}
    </>
  );
}
