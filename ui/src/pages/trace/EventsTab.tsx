import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Failure } from '@/design/Failure.tsx';
import { at, eventIdAt, timeAt, word } from './columns.ts';
import { offset } from './describe.ts';
import { FieldsTab } from './FieldsTab.tsx';
import { firstText } from './fields.ts';
import { rowQuery } from './load.ts';
import styles from './panel.module.css';
import type { TraceView } from './useTraceView.ts';

/** With so few events all of them stand open. */
const OPEN_UP_TO = 3;

interface Props {
  env: string;
  view: TraceView;
  position: number;
  rows: readonly number[];
}

/** Events noted on the span, by time: what happened within it. */
export function EventsTab({ env, view, position, rows }: Props) {
  if (rows.length === 0) {
    return (
      <p className={`muted ${styles.none}`}>
        This span has no events. An exception recorded on it would stand here.
      </p>
    );
  }
  return (
    <ul>
      {rows.map((row) => (
        <EventItem
          key={row}
          env={env}
          view={view}
          position={position}
          row={row}
          open={rows.length <= OPEN_UP_TO}
        />
      ))}
    </ul>
  );
}

function EventItem({ env, view, position, row, open }: Omit<Props, 'rows'> & { row: number; open: boolean }) {
  const { data, layout } = view;
  const [opened, setOpened] = useState(open);
  const details = useQuery({
    ...rowQuery(env, eventIdAt(data, row), timeAt(data, row)),
    enabled: opened,
  });
  const fields = details.data?.fields;
  const message = firstText(fields, 'exception.message');
  const stack = firstText(fields, 'exception.stacktrace');
  return (
    <li className={styles.event}>
      <details open={opened} onToggle={(event) => setOpened(event.currentTarget.open)}>
        <summary>
          <span className="cut strong">{word(data, at(data.name, row)) || '(no name)'}</span>
          <span className="muted right num" title="after the start of the trace">
            {offset(at(data.start, row) - layout.zero)}
          </span>
          <span className="muted num" title="after the start of the span">
            span {offset(at(data.start, row) - at(layout.start, position))}
          </span>
        </summary>
        {details.isError ? <Failure error={details.error} retry={() => void details.refetch()} /> : null}
        {message ? <p className={`t-danger ${styles.exception}`}>{message}</p> : null}
        {stack ? <pre className={styles.pre}>{stack}</pre> : null}
        {fields ? (
          <FieldsTab plain fields={fields} dataset={word(data, at(data.dataset, row)) || undefined} />
        ) : null}
      </details>
    </li>
  );
}
