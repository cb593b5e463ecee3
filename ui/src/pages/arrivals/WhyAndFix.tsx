import { Link } from '@tanstack/react-router';
import type { Arrival } from '@/api/types.ts';
import { paths } from '@/app/paths.ts';
import { CopyButton } from '@/design/CopyButton.tsx';
import styles from './arrivals.module.css';
import { items, type Tone } from './model.ts';

interface Props {
  row: Arrival;
  env: string;
  devKey: string | undefined;
  tone: Tone;
}

/** Why a delivery was refused or went elsewhere, and the line that mends it. */
export function WhyAndFix({ row, env, devKey, tone }: Props) {
  const elsewhere = tone === 'elsewhere' && row.env;
  const line = (elsewhere ? row.key_line : row.reason?.copy)?.replace('<key>', devKey ?? '<key>');
  return (
    <dl className={`${styles.fix} ${tone === 'elsewhere' ? styles.wrong : styles.no}`}>
      <dt>why</dt>
      <dd>
        {elsewhere ? (
          <>
            The key is good, but it belongs to <b className="strong">{row.env}</b>:{' '}
            {items(row, row.counters.stored + row.counters.merged)} went there, not into {env}.
          </>
        ) : (
          <>
            {sentence(row.reason?.text ?? 'no reason was given')}
            {row.reason?.detail ? <> {sentence(row.reason.detail)}</> : null}
          </>
        )}
      </dd>
      <dt>fix</dt>
      <dd className={styles.cmd}>
        <span>
          {elsewhere
            ? `If it belongs into ${env}, set there a key of ${env}.`
            : sentence(row.reason?.fix ?? 'look at the log of the server')}
        </span>
        {line ? (
          <>
            <code>{line}</code>
            <CopyButton text={line} label="Copy" />
          </>
        ) : null}
        {elsewhere && row.env ? (
          <Link
            {...paths.explore(row.env)}
            search={row.datasets[0] ? { ds: row.datasets[0] } : {}}
            className="btn sm pick"
            title={`Open in ${row.env}`}
          >
            <span className="cut">Open in {row.env}</span>
          </Link>
        ) : null}
        {line?.includes('<key>') ? (
          <Link {...paths.send(env)} className="btn sm">
            Create a key
          </Link>
        ) : null}
      </dd>
    </dl>
  );
}

/** First letter large, full stop at the end: reasons are words in lower case. */
function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/u.test(trimmed) ? '' : '.'}`;
}
