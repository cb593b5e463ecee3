import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { bubbleUpQuery } from '@/api/queries.ts';
import type { Ask, Cell, Facet, Facets } from '@/api/types.ts';
import { Empty } from '@/design/Empty.tsx';
import { Failure } from '@/design/Failure.tsx';
import { count, plural, share } from '@/lib/format.ts';
import type { CellValue } from '@/query/change.ts';
import type { Selection } from '@/query/selection.ts';
import { Value } from '@/query/Value.tsx';
import { openValueMenu } from '@/query/valueMenuStore.ts';
import styles from './BubbleUpTab.module.css';
import { distribution, findings, pairsOf, shortName } from './bubble.ts';
import { MeasureHistogram } from './MeasureHistogram.tsx';
import { Skeleton } from './Skeleton.tsx';

interface Props {
  ask: Ask;
  selection: Selection | undefined;
  /** Pointed at a value: its cells light up in the heatmap. */
  hover: (target: { field: string; value: Cell } | undefined) => void;
}

const PAGE = 20;

/** Which fields make the selection differ; without one, how every field is distributed. */
export function BubbleUpTab({ ask, selection, hover }: Props) {
  const [limit, setLimit] = useState(PAGE);
  const query = useQuery({
    ...bubbleUpQuery(
      ask,
      selection && {
        kind: 'box',
        column: selection.column,
        start_ns: String(selection.startNs),
        end_ns: String(selection.endNs),
        min: selection.min,
        max: selection.max,
      },
      limit,
    ),
    // The last answer stays while the next one is read, but a comparison is no distribution.
    placeholderData: (old, before) =>
      (before?.queryKey[2] === null) === (selection === undefined) ? old : undefined,
  });
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  const facets = selection || !query.data ? query.data : distribution(query.data);
  if (!facets) return <Skeleton rows={6} />;
  if (facets.fields.length === 0) {
    return (
      <Empty title="Nothing to compare">
        <p>No event lies in this range with these conditions.</p>
      </Empty>
    );
  }
  return (
    <div aria-busy={query.isFetching}>
      <Sentence facets={facets} chosen={selection !== undefined} />
      <section className={styles.cards} aria-label="Fields">
        {facets.fields.map((facet) => (
          <Card
            key={facet.field}
            facet={facet}
            facets={facets}
            chosen={selection !== undefined}
            hover={hover}
          />
        ))}
      </section>
      {facets.fields_total > facets.fields.length ? (
        <div className={styles.more}>
          <button
            type="button"
            className="btn sm"
            onClick={() => setLimit(limit + PAGE)}
            disabled={query.isFetching}
          >
            {PAGE} more of {facets.fields_total} fields
          </button>
        </div>
      ) : null}
    </div>
  );
}

function Sentence({ facets, chosen }: { facets: Facets; chosen: boolean }) {
  const found = chosen ? findings(facets) : [];
  const looked = `${facets.fields.length} of ${facets.fields_total} fields${chosen ? ', by largest difference' : ''}`;
  return (
    <div className={styles.say}>
      <span className={`grow cut ${styles.words}`}>
        {found[0] ? (
          <>
            <b className="strong">{found[0].selected}</b> of the selection has <Found {...found[0]} />,
            against <b className="strong">{found[0].baseline}</b> of the rest
            {found[1] ? (
              <>
                ; {found[1].selected} is <Found {...found[1]} short />
              </>
            ) : null}
          </>
        ) : chosen ? (
          'No single value sets the selection apart.'
        ) : (
          'Draw a box on a heatmap to see what is different inside it. Until then: how each field is distributed.'
        )}
      </span>
      {chosen ? (
        <span className={`row hide-s ${styles.sizes}`}>
          <span className="sw" style={{ background: 'var(--sel)' }} />
          selection {count(facets.selected)}
          <span className="sw" style={{ background: 'var(--base)' }} />
          baseline {count(facets.baseline)}
        </span>
      ) : null}
      <span className="muted hide-m">
        {looked}
        {facets.sampled ? `, over a sample of ${count(facets.rows_looked_at)} events` : ''}
      </span>
    </div>
  );
}

function Found({ field, bar, short = false }: { field: string; bar: { value: Cell }; short?: boolean }) {
  return (
    <Value field={field} value={bar.value as CellValue} className="mono">
      {short && bar.value !== null ? null : `${field} = `}
      {bar.value === null ? '(no value)' : String(bar.value)}
    </Value>
  );
}

function Card({
  facet,
  facets,
  chosen,
  hover,
}: {
  facet: Facet;
  facets: Facets;
  chosen: boolean;
  hover: Props['hover'];
}) {
  const measure = facet.shape.kind === 'measure';
  return (
    <article className={styles.card}>
      <h2 className={styles.head}>
        <button
          type="button"
          className="v cut"
          aria-haspopup="menu"
          title={facet.field}
          onClick={(event) =>
            openValueMenu({ anchor: event.currentTarget, field: facet.field, value: undefined })
          }
        >
          {facet.field}
        </button>
        {chosen ? (
          <span className={styles.difference}>
            {measure ? 'quantiles ' : ''}Δ {facet.difference.toFixed(2)}
          </span>
        ) : null}
      </h2>
      {facet.shape.kind === 'measure' ? (
        <MeasureHistogram
          field={facet.field}
          selected={facet.shape.selected}
          baseline={facet.shape.baseline}
          chosen={chosen}
        />
      ) : (
        pairsOf(facet, facets).map((pair) => (
          <button
            key={String(pair.value)}
            type="button"
            className={styles.pair}
            aria-haspopup="menu"
            onMouseEnter={() => hover({ field: facet.field, value: pair.value })}
            onMouseLeave={() => hover(undefined)}
            onFocus={() => hover({ field: facet.field, value: pair.value })}
            onBlur={() => hover(undefined)}
            onClick={(event) =>
              openValueMenu({
                anchor: event.currentTarget,
                field: facet.field,
                value: pair.value as CellValue,
              })
            }
          >
            <span className={`cut ${styles.name}`} title={pair.name}>
              {shortName(pair.name)}
            </span>
            <span className={styles.bars} aria-hidden="true">
              {chosen ? <i style={{ width: `${pair.selected * 100}%` }} /> : null}
              <i style={{ width: `${pair.baseline * 100}%` }} />
            </span>
            <span className={styles.shares}>
              {chosen ? (
                <span>
                  {share(pair.selected, 1)}
                  <span className="vh"> of the selection, </span>
                </span>
              ) : null}
              <span>
                {share(pair.baseline, 1)}
                <span className="vh"> of {chosen ? 'the baseline' : 'all'}</span>
              </span>
            </span>
          </button>
        ))
      )}
      {facet.shape.kind === 'values' && facet.shape.distinct > 4 ? (
        <p className={styles.rest}>
          and {plural(facet.shape.distinct - Math.min(4, facet.shape.bars.length), 'more value')}
        </p>
      ) : null}
    </article>
  );
}
