import { Play } from 'lucide-react';
import { useState } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { Clause } from '@/query/Clause.tsx';
import { labelOf, operandOf, type Question } from '@/query/model.ts';
import {
  parseClause,
  renderCalculation,
  renderField,
  renderFilter,
  renderHaving,
  renderOrder,
  renderValue,
  targetLabel,
} from '@/query/text.ts';
import { LimitClause } from './LimitClause.tsx';
import styles from './QueryBuilder.module.css';

interface Props {
  env: string;
  dataset: string | undefined;
  question: Question;
  change: (question: Question) => void;
  run: () => void;
  /** Edited since it ran. */
  dirty: boolean;
  /** When it ran last, `10:58:04`. */
  ran: string | undefined;
}

/** The clauses of a question as chips, and the one primary button of the page. */
export function QueryBuilder({ env, dataset, question, change, run, dirty, ran }: Props) {
  const common = { env, dataset };
  const targets = question.calculations.filter((one) => one.op !== 'HEATMAP').map(renderCalculation);
  // On narrow screens these two stay folded until they say something.
  const [more, setMore] = useState(false);
  const unfolded = more || question.havings.length > 0 || question.limit !== undefined;
  return (
    <section className={`${styles.query}${unfolded ? '' : ` ${styles.folded}`}`} aria-label="Query">
      <Clause
        {...common}
        name="Visualize"
        kind="calculation"
        className={styles.visualize}
        items={question.calculations}
        render={renderCalculation}
        show={(one) => (
          <>
            <b>{one.op}</b>
            {one.column === undefined ? '' : `(${one.column})`}
          </>
        )}
        parse={parseClause.calculations}
        change={(calculations) => change({ ...question, calculations })}
        add="calculation"
        placeholder="P95(duration_ms)"
      />
      <Clause
        {...common}
        name="Where"
        kind="filter"
        className={styles.where}
        aside={
          question.filters.length > 1 ? (
            <span className="muted">
              {question.combination === 'AND' ? 'all of ' : 'any of '}
              <button
                type="button"
                className="v"
                aria-label={`Combined with ${question.combination}; change`}
                onClick={() =>
                  change({ ...question, combination: question.combination === 'AND' ? 'OR' : 'AND' })
                }
              >
                {question.combination}
              </button>
            </span>
          ) : null
        }
        items={question.filters}
        render={renderFilter}
        show={(one) => (
          <>
            {one.column}
            <i>{one.op}</i>
            {operandOf(one.op) === 'none' ? null : (
              <em>
                {Array.isArray(one.value)
                  ? `(${one.value.map(renderValue).join(', ')})`
                  : one.value === ''
                    ? '""'
                    : String(one.value)}
              </em>
            )}
          </>
        )}
        parse={(text) => parseClause.filters(text).filters}
        change={(filters) => change({ ...question, filters })}
        add="condition"
        placeholder="name = value"
      />
      <Clause
        {...common}
        name="Group by"
        kind="field"
        className={styles.group}
        items={question.breakdowns}
        render={renderField}
        show={(one) => one}
        parse={parseClause.fields}
        change={(breakdowns) => change({ ...question, breakdowns })}
        add="field"
        placeholder="field"
      />
      <div className={styles.run}>
        <button type="button" className="btn primary" onClick={run} aria-keyshortcuts="Shift+Enter">
          <Icon of={Play} small />
          Run
        </button>
        <p className="hide-s">
          <kbd>Shift ⏎</kbd>
        </p>
        <p className="hide-s" aria-live="polite">
          {dirty ? 'edited' : ran ? `ran ${ran}` : ''}
        </p>
        <button type="button" className={`btn sm ghost ${styles.more}`} onClick={() => setMore(true)}>
          having, limit
        </button>
      </div>
      <Clause
        {...common}
        name="Order by"
        kind="order"
        className={styles.order}
        items={question.orders}
        render={renderOrder}
        show={(one) => (
          <>
            {targetLabel(one)}
            {one.order === 'descending' ? <i>desc</i> : <i>asc</i>}
          </>
        )}
        parse={parseClause.orders}
        change={(orders) => change({ ...question, orders })}
        add="order"
        placeholder="COUNT desc"
        targets={[...targets, ...question.breakdowns.map(renderField)]}
      />
      <Clause
        {...common}
        name="Having"
        kind="having"
        className={styles.having}
        items={question.havings}
        render={renderHaving}
        show={(one) => (
          <>
            {labelOf({ op: one.calculate_op, column: one.column })}
            <i>{one.op}</i>
            <em>{one.value}</em>
          </>
        )}
        parse={parseClause.havings}
        change={(havings) => change({ ...question, havings })}
        add="condition"
        placeholder="COUNT > 100"
        targets={targets}
      />
      <LimitClause
        className={styles.limit}
        limit={question.limit}
        change={(limit) => change({ ...question, limit })}
      />
    </section>
  );
}
