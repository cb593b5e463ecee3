import { Popover } from '@base-ui/react/popover';
import { History as Clock } from 'lucide-react';
import { useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { forgetRecents, type Recent, recents } from '@/lib/recent.ts';
import { ago } from '@/lib/time.ts';
import { parseRange, sayRange } from '@/query/range.ts';
import styles from './insights.module.css';

/** Questions this browser has run here; each runs again at a click. */
export function History({ env, rerun }: { env: string; rerun: (ran: Recent) => void }) {
  const [open, setOpen] = useState(false);
  const list = open ? recents(env) : [];
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger className="btn ghost">
        <Icon of={Clock} />
        History
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="positioner" align="end" sideOffset={4}>
          <Popover.Popup className={`popup ${styles.history}`} aria-label="Questions run before">
            {list.length === 0 ? (
              <p className={styles.quiet}>
                No question has been run here yet. The last 30 are kept, in this browser only.
              </p>
            ) : (
              <>
                <ul>
                  {list.map((ran) => (
                    <li key={`${ran.group} ${ran.q}`}>
                      <button
                        type="button"
                        onClick={() => {
                          setOpen(false);
                          rerun(ran);
                        }}
                      >
                        <code>{ran.q}</code>
                        <span className="muted">
                          {ran.group ? `${ran.group} · ` : ''}
                          {timeOf(ran.t)} · {ago(ran.atMs, Date.now())}
                        </span>
                      </button>
                    </li>
                  ))}
                </ul>
                <p className={styles.quiet}>
                  In this browser only.{' '}
                  <button
                    type="button"
                    className="link"
                    onClick={() => {
                      forgetRecents(env);
                      setOpen(false);
                    }}
                  >
                    Forget all
                  </button>
                </p>
              </>
            )}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function timeOf(t: string | undefined): string {
  const range = parseRange(t ?? '-1h');
  return range ? sayRange(range) : '';
}
