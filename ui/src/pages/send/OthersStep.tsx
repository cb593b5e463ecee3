import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, Minus } from 'lucide-react';
import { arrivalsQuery } from '@/api/arrivals.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { ago } from '@/lib/time.ts';
import { lastOf } from './hearing.ts';
import type { What } from './model.ts';
import { Step } from './Step.tsx';
import styles from './send.module.css';
import { SOURCES } from './sources.ts';

const REFRESH_MS = 5_000;
const DELIVERIES = 200;

/** The line of each source that decides where it goes, as `name` and `value`. */
export type Settings = Record<What, { name: string; value: string }>;

/** The other sources: what each changes in one line, and whether it was heard. */
export function OthersStep({ env, what, settings }: { env: string; what: What; settings: Settings }) {
  const rows = useQuery({
    ...arrivalsQuery('taken', undefined, DELIVERIES),
    refetchInterval: REFRESH_MS,
  }).data?.rows;
  const now = Date.now();
  return (
    <Step number={4} title="Then the others, one line each">
      <ul className={`box ${styles.others}`}>
        {SOURCES.filter((one) => one.what !== what).map((source) => {
          const last = lastOf(rows ?? [], env, source.what);
          const { name, value } = settings[source.what];
          return (
            <li key={source.what}>
              <Icon of={last ? Check : Minus} small className={last ? 't-ok' : 'muted'} />
              <Link
                {...paths.send(env)}
                search={(old: object) => ({ ...old, what: source.what, lang: undefined })}
                className="link"
              >
                {source.name}
              </Link>
              <code className="cut" title={`${name}=${value}`}>
                {name}=<b>{value}</b>
              </code>
              <span className={last ? 't-ok' : 'muted'}>
                {last ? `${count(last.items)} taken, ${ago(last.ms, now)}` : rows ? 'not heard yet' : ''}
              </span>
            </li>
          );
        })}
      </ul>
    </Step>
  );
}
