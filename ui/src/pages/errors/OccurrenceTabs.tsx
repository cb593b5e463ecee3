import { Tabs } from '@base-ui/react/tabs';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { issuesQuery } from '@/api/issues.ts';
import type { Issue, NamedText, Occurrence, Occurrences, TelemetryEntry } from '@/api/types.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import { count } from '@/lib/format.ts';
import { clockMs, dateTime, nanos, toMs } from '@/lib/time.ts';
import styles from './item.module.css';
import { JustBefore } from './JustBefore.tsx';
import { stackText } from './model.ts';
import { Named } from './Named.tsx';
import { SimilarItems } from './SimilarItems.tsx';
import { similarTo } from './similar.ts';
import { Traceback } from './Traceback.tsx';

const TABS = ['traceback', 'request', 'person', 'telemetry', 'occurrences', 'similar', 'raw'] as const;
type Tab = (typeof TABS)[number];
/** Items of the project that are compared: as many as one answer has. */
const COMPARED = 500;

interface Props {
  env: string;
  issue: Issue;
  occurrence: Occurrence;
  /** The newest ones. */
  list: Occurrences['occurrences'] | undefined;
  /** How many there are. */
  total: number;
  tab: string | undefined;
  library: boolean;
  change: (patch: { tab?: string | undefined; lib?: string | undefined }, replace?: boolean) => void;
}

/** What one occurrence says, by kind. */
export function OccurrenceTabs({ env, issue, occurrence, list, total, tab, library, change }: Props) {
  const open: Tab = TABS.find((one) => one === tab) ?? 'traceback';
  const { traces, telemetry } = occurrence;
  // Archived ones too: what was put away may have said why.
  const others = useQuery({
    ...issuesQuery(env, {
      project: issue.project,
      status: 'active,resolved,muted,archived',
      limit: COMPARED,
    }),
    // Which items are alike changes slowly, and all of them are many.
    staleTime: 60_000,
    refetchInterval: false,
  }).data;
  const similar = others ? similarTo(issue, others.issues) : undefined;
  const names: Record<Tab, [string, number | undefined]> = {
    traceback: [traces.length > 0 ? 'Traceback' : 'Message', undefined],
    request: ['Request', undefined],
    person: ['Person', undefined],
    telemetry: ['Telemetry', telemetry.length],
    occurrences: ['Occurrences', total],
    similar: ['Similar', similar?.length],
    raw: ['Raw', undefined],
  };
  return (
    <Tabs.Root
      className={styles.tabs}
      value={open}
      onValueChange={(next: Tab) => change({ tab: next === 'traceback' ? undefined : next }, true)}
    >
      <div className={`tabs ${styles.tabBar}`}>
        <Tabs.List aria-label="What the occurrence says">
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {names[one][0]}
              {names[one][1] ? <span className="n">{count(names[one][1])}</span> : null}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <span className="grow" />
        {open === 'traceback' && traces.length > 0 ? (
          <span className="row">
            <span className={`muted hide-m ${styles.order}`}>
              most recent call {occurrence.frame_order === 'most_recent_first' ? 'first' : 'last'}
            </span>
            <label className="opt">
              <input
                type="checkbox"
                checked={library}
                onChange={(event) => change({ lib: event.target.checked ? '1' : undefined }, true)}
              />
              Library frames
            </label>
            <CopyButton
              text={traces
                .map((one) => `${stackText(one.frames)}\n${one.class}: ${one.message ?? ''}`)
                .join('\n\n')}
              label="Copy"
            />
          </span>
        ) : null}
      </div>
      <Tabs.Panel value={open} className={styles.panel}>
        {open === 'traceback' ? (
          <>
            <Story occurrence={occurrence} library={library} />
            <JustBefore env={env} occurrence={occurrence} />
          </>
        ) : null}
        {open === 'request' ? (
          <>
            <Facts name="Request" list={occurrence.request} none="It carries no request." />
            <Facts name="Server" list={occurrence.server} />
            <Facts name="Sender" list={occurrence.facts} />
            <Facts name="Custom" list={occurrence.custom} />
          </>
        ) : null}
        {open === 'person' ? (
          <Facts
            name="Person"
            list={occurrence.person}
            none="It names nobody. An SDK sends a person when told who is signed in."
          />
        ) : null}
        {open === 'telemetry' ? <Telemetry list={telemetry} /> : null}
        {open === 'occurrences' ? <All list={list} current={occurrence.id} /> : null}
        {open === 'similar' ? (
          <SimilarItems
            env={env}
            list={similar}
            looked={others?.issues.length ?? 0}
            total={others?.total ?? 0}
          />
        ) : null}
        {open === 'raw' ? <Raw occurrence={occurrence} /> : null}
      </Tabs.Panel>
    </Tabs.Root>
  );
}

function Story({ occurrence, library }: { occurrence: Occurrence; library: boolean }) {
  const { traces, message, frame_order: order } = occurrence;
  return (
    <>
      {message ? <pre className={styles.message}>{message}</pre> : null}
      {traces.map((trace, i) => (
        <Traceback
          // biome-ignore lint/suspicious/noArrayIndexKey: exceptions of one chain never move
          key={i}
          trace={trace}
          order={order}
          library={library}
          nested={i > 0}
        />
      ))}
      {traces.length === 0 && !message ? (
        <p className={styles.quiet}>{occurrence.title || 'Its payload is gone.'}</p>
      ) : null}
    </>
  );
}

function Facts({ name, list, none }: { name: string; list: readonly NamedText[]; none?: string }) {
  if (list.length === 0) return none ? <p className={styles.quiet}>{none}</p> : null;
  return (
    <section aria-label={name}>
      <h3 className={styles.cap}>{name}</h3>
      <Named list={list} />
    </section>
  );
}

function Telemetry({ list }: { list: readonly TelemetryEntry[] }) {
  if (list.length === 0) return <p className={styles.quiet}>It tells nothing of what happened before.</p>;
  return (
    <ul className={styles.telemetry}>
      {list.map((one, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries of one payload never move
        <li key={i}>
          <span className="muted">{one.ts_ns ? clockMs(toMs(nanos(one.ts_ns))) : ''}</span>
          <span className="tag cut" title={one.kind}>
            {one.kind}
          </span>
          <span className={one.level === 'error' || one.level === 'critical' ? 't-danger' : undefined}>
            {one.text}
          </span>
        </li>
      ))}
    </ul>
  );
}

function All({ list, current }: { list: Occurrences['occurrences'] | undefined; current: number }) {
  if (!list) return <div className="skeleton grow" aria-busy="true" />;
  return (
    <>
      <ul className={styles.all}>
        {list.map((one) => (
          <li key={one.id}>
            <Link
              to="."
              search={(old: object) => ({ ...old, o: String(one.id), tab: undefined })}
              aria-current={one.id === current ? 'true' : undefined}
            >
              <span>{dateTime(toMs(nanos(one.ts_ns)))} UTC</span>
              <span className="muted mono">{one.id}</span>
            </Link>
          </li>
        ))}
      </ul>
      {list.length >= 1000 ? <p className={styles.quiet}>These are the newest 1,000.</p> : null}
    </>
  );
}

function Raw({ occurrence }: { occurrence: Occurrence }) {
  if (!occurrence.raw) return <p className={styles.quiet}>The payload is gone: its retention is over.</p>;
  return (
    <>
      <div className={styles.rawBar}>
        <CopyButton text={occurrence.raw} label="Copy JSON" />
        {occurrence.scrubbed.length > 0 ? (
          <span className="muted">masked before it was stored: {occurrence.scrubbed.join(', ')}</span>
        ) : null}
      </div>
      <pre className={styles.raw}>{pretty(occurrence.raw)}</pre>
    </>
  );
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    // Shown as it was stored; it is the reader who wants to see what is wrong with it.
    return json;
  }
}
