import { ChevronDown, ChevronUp, Filter, X } from 'lucide-react';
import { type RefObject, useId } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { count } from '@/lib/format.ts';
import { Kind } from './columns.ts';
import { title } from './describe.ts';
import styles from './trace.module.css';
import type { TraceView } from './useTraceView.ts';

interface Props {
  view: TraceView;
  input: RefObject<HTMLInputElement | null>;
  text: string;
  setText: (text: string) => void;
  setHide: (hide: boolean) => void;
  setCritical: (on: boolean) => void;
  setClocks: (on: boolean) => void;
  /** To the next match, or the next error when nothing is filtered. */
  step: (by: 1 | -1) => void;
  leaveFocus: () => void;
  zoomed: boolean;
  zoomOut: () => void;
}

/** Picks rows out by text, service or length; shows how many; walks through them. */
export function FilterBar(props: Props) {
  const { view, text, step } = props;
  const note = useId();
  const error = 'error' in view.parsed ? view.parsed : undefined;
  const what = view.matches ? 'match' : 'error';
  const nothing = view.matches
    ? view.matched === 0
    : (view.layout.failed || view.layout.kinds[Kind.error]) === 0;
  return (
    <search className={`bar sub ${styles.filter}`}>
      <div className={`input sm ${styles.filterInput}`}>
        <Icon of={Filter} />
        <input
          ref={props.input}
          type="text"
          value={text}
          placeholder="text, service:db, duration > 2 %"
          aria-label="Filter rows"
          aria-invalid={error !== undefined}
          aria-describedby={note}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => props.setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
            if (event.key === 'Escape') {
              if (text === '') event.currentTarget.blur();
              else props.setText('');
              event.stopPropagation();
            }
          }}
        />
        {text === '' ? (
          <kbd className="hide-s">/</kbd>
        ) : (
          <button
            type="button"
            className={styles.clear}
            aria-label="Clear the filter"
            onClick={() => props.setText('')}
          >
            <Icon of={X} small />
          </button>
        )}
      </div>
      <fieldset className="seg sm hide-s">
        <legend className="vh">Other rows</legend>
        <button type="button" aria-pressed={!view.hide} onClick={() => props.setHide(false)}>
          Show
        </button>
        <button
          type="button"
          aria-pressed={view.hide}
          disabled={!view.matches}
          onClick={() => props.setHide(true)}
        >
          Hide others
        </button>
      </fieldset>
      <span id={note} className={`cut ${error ? 't-danger' : 'muted hide-m'} ${styles.small}`} role="status">
        {error ? (
          <>
            <code>{text.slice(error.at, error.at + error.length)}</code>: {error.error}
          </>
        ) : view.matches ? (
          `${count(view.matched)} of ${count(view.layout.count)} rows match`
        ) : (
          ''
        )}
      </span>
      <span className="grow" />
      {view.focus >= 0 ? (
        <button type="button" className="chip" onClick={props.leaveFocus} title="Show the whole trace">
          only
          <em className={`cut ${styles.focusName}`}>&nbsp;{title(view.data, view.layout, view.focus)}</em>
          <span className="x">
            <Icon of={X} small />
          </span>
        </button>
      ) : null}
      {props.zoomed ? (
        <button type="button" className="btn sm" onClick={props.zoomOut}>
          Whole time
        </button>
      ) : null}
      <label
        className="opt hide-s"
        title={
          view.clocks.differ > 0
            ? 'Draws calls to other services inside of what called them'
            : 'No call to another service lies outside of what called it'
        }
      >
        <input
          type="checkbox"
          checked={view.clocks.fixed}
          disabled={view.clocks.differ === 0 && !view.clocks.fixed}
          onChange={(event) => props.setClocks(event.target.checked)}
        />
        Clock fix
      </label>
      <label className="opt hide-s" title="What the request's end waited for: p">
        <input
          type="checkbox"
          checked={view.critical !== undefined}
          onChange={(event) => props.setCritical(event.target.checked)}
        />
        Critical path
      </label>
      <span className="row hide-s">
        <button
          type="button"
          className="btn sm ghost icon"
          aria-label={`Previous ${what}`}
          title={`Previous ${what} ${view.matches ? '' : '['}`}
          disabled={nothing}
          onClick={() => step(-1)}
        >
          <Icon of={ChevronUp} />
        </button>
        <button
          type="button"
          className="btn sm ghost icon"
          aria-label={`Next ${what}`}
          title={`Next ${what} ${view.matches ? '' : ']'}`}
          disabled={nothing}
          onClick={() => step(1)}
        >
          <Icon of={ChevronDown} />
        </button>
      </span>
    </search>
  );
}
