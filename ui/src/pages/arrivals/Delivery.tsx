import { Link } from '@tanstack/react-router';
import {
  ChevronDown,
  ChevronRight,
  CircleCheck,
  CircleX,
  KeyRound,
  type LucideIcon,
  Merge,
} from 'lucide-react';
import type { Arrival } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { Icon } from '@/design/Icon.tsx';
import { bytes } from '@/lib/format.ts';
import { protocolName } from '@/lib/protocols.ts';
import { clockMs, dateTime, nanos, toMs } from '@/lib/time.ts';
import styles from './arrivals.module.css';
import { items, outcomeWords, seen, type Tone, tone } from './model.ts';
import { WhyAndFix } from './WhyAndFix.tsx';

const ICONS: Record<Tone, [LucideIcon, string]> = {
  taken: [CircleCheck, 't-ok'],
  merged: [Merge, 'muted'],
  elsewhere: [KeyRound, 't-warn'],
  partial: [CircleX, 't-danger'],
  refused: [CircleX, 't-danger'],
};

interface Props {
  row: Arrival;
  env: string;
  devKey: string | undefined;
  open: boolean;
  setOpen: (open: boolean) => void;
  pick: (patch: { sender?: string; key?: string }) => void;
}

/** One sender's like deliveries: who, what, and what became of it; open: why, and the fix. */
export function Delivery({ row, env, devKey, open, setOpen, pick }: Props) {
  const kind = tone(row, env);
  const [icon, colour] = ICONS[kind];
  const at = toMs(nanos(row.last_ns));
  const bad = kind === 'refused' || kind === 'partial';
  const loud = bad ? styles.no : kind === 'elsewhere' ? styles.wrong : '';
  return (
    <li className={open ? loud : ''}>
      <div className={`${styles.row} ${open && loud ? loud : ''}`}>
        <span className={`muted ${styles.time}`}>
          <button
            type="button"
            className={styles.opener}
            aria-expanded={open}
            aria-label={`Delivery of ${clockMs(at)} from ${row.sender}, ${outcomeWords(row, env)}`}
            onClick={() => setOpen(!open)}
          >
            <Icon of={open ? ChevronDown : ChevronRight} small />
          </button>
          <time dateTime={new Date(at).toISOString()} title={`${dateTime(at)} UTC`}>
            {clockMs(at)}
          </time>
        </span>
        <span className="cut" title={row.signals.join(', ')}>
          {protocolName(row.protocol)}
        </span>
        <span className={`cut ${styles.from}`}>
          <button
            type="button"
            className="v cut"
            title={`Only from ${row.sender}`}
            onClick={() => pick({ sender: row.sender })}
          >
            {row.sender}
          </button>
        </span>
        <span className={`cut muted ${styles.client}`} title={row.user_agent ?? undefined}>
          {row.user_agent ?? 'unnamed client'}
        </span>
        <span className={`cut mono ${styles.key}`}>
          {row.env ? (
            <span className={`cut ${styles.env} ${row.env === env ? 'muted' : 't-warn'}`}>{row.env}</span>
          ) : null}
          {!row.key_prefix ? (
            <span className="muted">no key</span>
          ) : (
            <button
              type="button"
              className="v"
              title="Only with this key"
              onClick={() => row.key_prefix && pick({ key: row.key_prefix })}
            >
              {row.key_prefix}
            </button>
          )}
        </span>
        <span className={styles.outcome}>
          <Icon of={icon} className={colour} />
          <span className={`cut ${bad ? 't-danger strong' : kind === 'elsewhere' ? 't-warn' : ''}`}>
            {outcomeWords(row, env)}
          </span>
          {bad || !row.env ? null : <Datasets env={row.env} datasets={row.datasets} />}
        </span>
        <span className={`num muted ${styles.seen}`}>{seen(row)}</span>
      </div>
      {open ? (
        loud ? (
          <WhyAndFix row={row} env={env} devKey={devKey} tone={kind} />
        ) : (
          <p className={`muted ${styles.more}`}>
            {items(row, row.counters.received)} in {bytes(row.wire_bytes)} of{' '}
            {row.signals.join(', ') || 'requests'}: {row.counters.stored} stored, {row.counters.merged} merged
            as duplicates. First at {dateTime(toMs(nanos(row.first_ns)))} UTC.
          </p>
        )
      ) : null}
    </li>
  );
}

function Datasets({ env, datasets }: { env: string; datasets: readonly string[] }) {
  if (datasets.length === 0) return null;
  const [first = '', ...others] = datasets;
  return (
    <span className={`cut ${styles.datasets}`}>
      →{' '}
      <Link {...paths.explore(env)} search={{ ds: first }} className="v">
        {first}
      </Link>
      {others.length > 0 ? (
        <span className="muted" title={others.join(', ')}>{` and ${others.length} more`}</span>
      ) : null}
    </span>
  );
}
