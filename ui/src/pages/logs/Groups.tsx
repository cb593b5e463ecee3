import { useQuery } from '@tanstack/react-query';
import { useLinkProps } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { streamsQuery } from '@/api/logs.ts';
import type { LogGroup } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { count, short } from '@/lib/format.ts';
import { ago, nanos, toMs } from '@/lib/time.ts';
import styles from './logs.module.css';

interface Props {
  env: string;
  groups: readonly LogGroup[];
  group: string | undefined;
  stream: string | undefined;
}

/** Log groups, and the streams of the open one, those with the latest line first. */
export function Groups({ env, groups, group, stream }: Props) {
  const [find, setFind] = useState('');
  const text = find.trim().toLowerCase();
  const streams = useQuery({ ...streamsQuery(env, group ?? ''), enabled: group !== undefined }).data;
  const now = Date.now();
  const passes = (name: string) => text === '' || name.toLowerCase().includes(text);
  return (
    <nav className={styles.side} aria-label="Groups and streams">
      <div className={styles.find}>
        <input
          className="input sm"
          type="search"
          placeholder="Groups and streams"
          aria-label="Find groups and streams"
          value={find}
          onChange={(event) => setFind(event.target.value)}
        />
      </div>
      <ul>
        {groups
          .filter((one) => passes(one.name) || one.name === group)
          .map((one) => (
            <li key={one.name}>
              <Way env={env} to={{ group: one.name, stream: undefined }} title={one.name}>
                <Icon of={one.name === group ? ChevronDown : ChevronRight} small />
                <span className={`cut ${one.name === group ? 'strong' : ''}`}>{one.name}</span>
                <span className="num">{short(one.lines)}</span>
              </Way>
              {one.name === group ? (
                <ul>
                  <li>
                    <Way
                      env={env}
                      to={{ group, stream: undefined }}
                      className={styles.stream}
                      current={stream === undefined}
                    >
                      all streams
                    </Way>
                  </li>
                  {streams?.streams
                    .filter((each) => passes(each.name))
                    .map((each) => (
                      <li key={each.name}>
                        <Way
                          env={env}
                          to={{ group, stream: each.name }}
                          className={styles.stream}
                          title={each.name}
                          current={stream === each.name}
                        >
                          <span className="cut">{each.name}</span>
                          <span className="num">
                            {each.last_ns ? ago(toMs(nanos(each.last_ns)), now).replace(' ago', '') : ''}
                          </span>
                        </Way>
                      </li>
                    ))}
                  {streams && streams.total > streams.streams.length ? (
                    <li className={`muted ${styles.find}`}>
                      and {count(streams.total - streams.streams.length)} more
                    </li>
                  ) : null}
                </ul>
              ) : null}
            </li>
          ))}
      </ul>
    </nav>
  );
}

interface WayProps {
  env: string;
  to: { group: string | undefined; stream: string | undefined };
  current?: boolean;
  className?: string | undefined;
  title?: string;
  children: ReactNode;
}

/**
 * A link of the list. It says itself whether it is the current one: to the router any is, whose search is a part of
 * the address, and that would be the group beside its stream.
 */
function Way({ env, to, current = false, className, title, children }: WayProps) {
  const link = useLinkProps({
    ...paths.logs(env),
    // The page's other search stays: filter and time hold for the next group too.
    search: (old: object) => ({ ...old, line: undefined, ...to }),
  });
  return (
    <a {...link} className={className} title={title} aria-current={current ? 'true' : undefined}>
      {children}
    </a>
  );
}
