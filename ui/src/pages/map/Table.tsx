import { colourIndex } from '@/lib/color.ts';
import { duration, share } from '@/lib/format.ts';
import styles from './map.module.css';
import { type Place, rate, type Sort, sorted, sortOf } from './model.ts';

interface Props {
  places: readonly Place[];
  minutes: number;
  sort: string | undefined;
  setSort: (sort: string) => void;
  selected: string | undefined;
  select: (key: string) => void;
}

const COLUMNS: readonly { by: Sort; name: string; width?: number }[] = [
  { by: 'name', name: 'Node' },
  { by: 'calls', name: 'calls', width: 104 },
  { by: 'p50', name: 'p50', width: 88 },
  { by: 'p95', name: 'p95', width: 88 },
  { by: 'error', name: '4xx', width: 72 },
  { by: 'throttle', name: '429', width: 72 },
  { by: 'fault', name: '5xx', width: 72 },
];

/** The nodes as rows: the same figures as the rings, sorted by any of them. */
export function Table({ places, minutes, sort, setSort, selected, select }: Props) {
  const order = sortOf(sort);
  const length = (ms: number | undefined) => (ms === undefined ? '–' : duration(ms));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="scroll" aria-label="Nodes" tabIndex={0}>
      <table className={`fix ${styles.table}`}>
        <colgroup>
          {COLUMNS.map(({ by, width }) => (
            <col key={by} style={width === undefined ? undefined : { width }} />
          ))}
          <col style={{ width: 176 }} />
        </colgroup>
        <thead>
          <tr>
            {COLUMNS.map(({ by, name }) => {
              const on = order.by === by;
              return (
                <th
                  key={by}
                  className={`${by === 'name' ? '' : 'num'} ${on ? 'on' : ''}`}
                  aria-sort={on ? (order.down ? 'descending' : 'ascending') : 'none'}
                >
                  <button
                    type="button"
                    className={styles.sort}
                    onClick={() => setSort((on ? !order.down : by !== 'name') ? `-${by}` : by)}
                  >
                    {name}
                    {on ? (order.down ? ' ↓' : ' ↑') : ''}
                  </button>
                </th>
              );
            })}
            <th>Kind</th>
          </tr>
        </thead>
        <tbody>
          {sorted(places, order).map((place) => {
            const { counts } = place;
            return (
              <tr key={place.id} className={place.key === selected ? 'on' : ''}>
                <td className="cut">
                  <button type="button" className={`row ${styles.name2}`} onClick={() => select(place.key)}>
                    <span className="sw" style={{ background: `var(--c${colourIndex(place.name)})` }} />
                    <span className="cut v">{place.key}</span>
                  </button>
                </td>
                <td className="num">{counts.total > 0 ? rate(counts.total, minutes) : '–'}</td>
                <td className="num muted">{length(place.p50)}</td>
                <td className="num strong">{length(place.p95)}</td>
                <td className={`num ${counts.error > 0 ? 't-warn' : 'muted'}`}>
                  {share(counts.error, counts.total)}
                </td>
                <td className={`num ${counts.throttle > 0 ? 't-thr' : 'muted'}`}>
                  {share(counts.throttle, counts.total)}
                </td>
                <td className={`num ${counts.fault > 0 ? 't-danger strong' : 'muted'}`}>
                  {share(counts.fault, counts.total)}
                </td>
                <td className="cut muted">{place.kind ?? 'service'}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
