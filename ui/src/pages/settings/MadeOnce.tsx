import { KeyRound } from 'lucide-react';
import type { KeyMade } from '@/api/types.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import { envLines, kindName } from './model.ts';
import styles from './settings.module.css';

/** A key just made, with its secret: the only time it is shown. */
export function MadeOnce({ env, made, done }: { env: string; made: KeyMade; done: () => void }) {
  const { key, secret } = made;
  return (
    <div className={styles.once} role="status">
      <div className={styles.onceHead}>
        <Icon of={KeyRound} />
        New {kindName(key.kind).toLowerCase()}{' '}
        {key.kind === 'signing' || key.kind === 'project' ? '' : 'key '}
        {key.name ? `“${key.name}”` : ''}
        <span>shown once, this page forgets it when you leave</span>
      </div>
      <div className={styles.secret}>
        {key.signing_id ? <div>{key.signing_id}</div> : null}
        {secret}
      </div>
      <div className={styles.onceActions}>
        <CopyButton text={secret} label={key.signing_id ? 'Copy secret' : 'Copy key'} look="primary" />
        <CopyButton text={envLines(made)} label="Copy as .env" look="plain" />
        <button type="button" className="btn ghost" onClick={done}>
          Done
        </button>
      </div>
      <div className={styles.onceNote}>
        <span>
          environment <b>{env}</b>
        </span>
        <span>
          may <b>{key.permissions.map((one) => one.replaceAll('_', ' ')).join(', ')}</b>
        </span>
        <span>
          expires <b>never</b>
        </span>
        {key.kind === 'signing' || key.kind === 'project' ? null : (
          <span>
            check it: <code>foursight keys whoami</code>
          </span>
        )}
      </div>
    </div>
  );
}
