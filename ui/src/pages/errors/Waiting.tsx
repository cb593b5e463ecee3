import { Link } from '@tanstack/react-router';
import { CircleX, Hourglass } from 'lucide-react';
import type { Project, RefusedDelivery } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Icon } from '@/design/Icon.tsx';
import styles from './errors.module.css';

/** Projects without an item yet; and what was refused meanwhile, which is most often why. */
export function Waiting({
  env,
  waiting,
  refused,
}: {
  env: string;
  waiting: readonly Project[];
  refused: readonly RefusedDelivery[];
}) {
  return (
    <section className={styles.waiting} aria-label="Waiting for the first item">
      {waiting.map((one) => (
        <div key={one.id} className="note">
          <Icon of={Hourglass} />
          <p className="grow">
            <b className="strong">{one.name}</b> waits for its first item.{' '}
            {one.token_prefixes.length > 0 ? (
              <span className="muted">
                Tokens that may post to it begin with{' '}
                {one.token_prefixes.map((prefix, i) => (
                  <span key={prefix}>
                    {i > 0 ? ', ' : ''}
                    <code>{prefix}</code>
                  </span>
                ))}
                .
              </span>
            ) : (
              <span className="muted">No token may post to it yet.</span>
            )}
          </p>
          {one.token_prefixes.length > 0 ? (
            <Link {...paths.send(env)} search={{ what: 'rollbar' }} className="btn sm">
              Send one
            </Link>
          ) : (
            <Link {...paths.keys(env)} className="btn sm">
              Make a token
            </Link>
          )}
        </div>
      ))}
      <ul className={styles.refused} aria-live="polite" aria-label="Refused deliveries">
        {refused.map((one) => (
          <li
            key={`${one.reason.code} ${one.key_prefix} ${one.sender} ${one.user_agent}`}
            className="note danger"
          >
            <Icon of={CircleX} />
            <p className="grow">{one.text}</p>
            {one.reason.copy ? (
              <span className={styles.fix}>
                <code>{one.reason.copy}</code>
                <CopyButton text={one.reason.copy} label="Copy" look="small" />
              </span>
            ) : null}
            <Link
              {...paths.arrivals(env)}
              search={{ outcome: 'refused', protocol: 'rollbar' }}
              className="btn sm"
            >
              Arrivals
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
