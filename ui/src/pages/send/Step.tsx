import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { Icon } from '@/design/Icon.tsx';
import styles from './send.module.css';

/** One numbered step of the way. */
export function Step({
  number,
  title,
  state,
  children,
}: {
  number: number;
  title: string;
  state?: 'done' | 'now';
  children: ReactNode;
}) {
  return (
    <section className={`${styles.step} ${state ? styles[state] : ''}`}>
      <span className={styles.no} aria-hidden="true">
        {state === 'done' ? <Icon of={Check} small /> : number}
      </span>
      <div className={styles.inner}>
        <h2>{title}</h2>
        {children}
      </div>
    </section>
  );
}
