import { useQuery } from '@tanstack/react-query';
import { PanelBottom, PanelRight, X } from 'lucide-react';
import { useDeferredValue } from 'react';
import { CopyButton } from '@/design/CopyButton.tsx';
import { Failure } from '@/design/Failure.tsx';
import { Icon } from '@/design/Icon.tsx';
import { share } from '@/lib/format.ts';
import { Value } from '@/query/Value.tsx';
import {
  ANNOTATION_EVENT,
  ANNOTATION_LINK,
  at,
  eventIdAt,
  isBar,
  Kind,
  spanIdAt,
  timeAt,
  word,
} from './columns.ts';
import { clockNote, length, service, startOf, title } from './describe.ts';
import { EventsTab } from './EventsTab.tsx';
import { FieldsTab } from './FieldsTab.tsx';
import { LinksTab } from './LinksTab.tsx';
import { Flag, notesAt } from './layout.ts';
import { rowQuery } from './load.ts';
import { MissingParent } from './MissingParent.tsx';
import { OwnPage } from './OwnPage.tsx';
import styles from './panel.module.css';
import { RawTab } from './RawTab.tsx';
import { SameRequest } from './SameRequest.tsx';
import type { Others } from './useRequest.ts';
import { rowColour, type TraceView } from './useTraceView.ts';
import { Why } from './Why.tsx';

export const PANEL_TABS = ['fields', 'events', 'links', 'raw'] as const;
export type PanelTab = (typeof PANEL_TABS)[number];
/** A line and an error have no events and links of their own. */
const POINT_TABS: readonly PanelTab[] = ['fields', 'raw'];
const NAMES: Record<PanelTab, string> = { fields: 'Fields', events: 'Events', links: 'Links', raw: 'Raw' };

interface Props {
  env: string;
  view: TraceView;
  others: Others;
  select: (position: number) => void;
  tab: PanelTab;
  setTab: (tab: PanelTab) => void;
  close: () => void;
  docked: boolean;
  setDocked: (docked: boolean) => void;
}

/** The selected row in full. */
export function SidePanel(props: Props) {
  const { env, view, docked } = props;
  const { data, layout } = view;
  // Walking quickly through rows asks for the one the reader stops at, not for each.
  const position = useDeferredValue(view.selected);
  const row = at(layout.row, position);
  const bar = isBar(at(layout.kind, position));
  const tabs = bar ? PANEL_TABS : POINT_TABS;
  const tab = tabs.includes(props.tab) ? props.tab : 'fields';
  const details = useQuery(
    rowQuery(env, row < 0 ? '' : eventIdAt(data, row), row < 0 ? 0n : timeAt(data, row)),
  );
  const events = notesAt(layout, data, position, ANNOTATION_EVENT);
  const links = notesAt(layout, data, position, ANNOTATION_LINK);
  const counts: Record<PanelTab, number | undefined> = {
    fields: details.data ? Object.keys(details.data.fields).length : undefined,
    events: events.length,
    links: links.length,
    raw: undefined,
  };
  const dataset = row < 0 ? undefined : word(data, at(data.dataset, row)) || undefined;
  const name = title(data, layout, position);
  const copied =
    row < 0 ? (layout.missing.get(position) ?? '') : (bar && spanIdAt(data, row)) || eventIdAt(data, row);
  return (
    <aside className={`panel ${styles.panel}`} aria-label="Selected row">
      <div className={styles.top}>
        <div className={styles.title}>
          <span className="sw" style={{ background: rowColour(view, position) }} />
          <h2 className="cut" title={name}>
            {name}
          </h2>
          <span className={`row right ${styles.buttons}`}>
            <CopyButton text={copied} name={bar ? 'Copy span id' : 'Copy the id'} />
            <button
              type="button"
              className="btn sm ghost icon hide-s"
              aria-label={docked ? 'Panel at the right' : 'Panel below'}
              title={`${docked ? 'Panel at the right' : 'Panel below'} d`}
              onClick={() => props.setDocked(!docked)}
            >
              <Icon of={docked ? PanelRight : PanelBottom} />
            </button>
            <button
              type="button"
              className="btn sm ghost icon"
              aria-label="Close panel"
              title="Close Esc"
              onClick={props.close}
            >
              <Icon of={X} />
            </button>
          </span>
        </div>
        <Stats view={view} position={position} dataset={dataset} />
        {clockNote(layout, position) ? (
          <p className={`t-warn ${styles.clock}`}>{clockNote(layout, position)}</p>
        ) : null}
        <Why view={view} position={position} />
        <OwnPage env={env} view={view} position={position} fields={details.data?.fields} />
      </div>
      {row < 0 ? (
        <MissingParent view={view} position={position} />
      ) : (
        <>
          <div className={`tabs ${styles.tabs}`} role="tablist" aria-label="Details">
            {tabs.map((one) => (
              <button
                key={one}
                type="button"
                role="tab"
                id={`panel-tab-${one}`}
                aria-selected={tab === one}
                aria-controls="panel-body"
                tabIndex={tab === one ? 0 : -1}
                onClick={() => props.setTab(one)}
                onKeyDown={(event) => {
                  const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
                  if (by === 0) return;
                  event.preventDefault();
                  const next = tabs[(tabs.indexOf(one) + by + tabs.length) % tabs.length] ?? one;
                  props.setTab(next);
                  document.getElementById(`panel-tab-${next}`)?.focus();
                }}
              >
                {NAMES[one]}
                {counts[one] === undefined ? null : <span className="n">{counts[one]}</span>}
              </button>
            ))}
          </div>
          <div className={styles.body} role="tabpanel" id="panel-body" aria-labelledby={`panel-tab-${tab}`}>
            {tab === 'events' ? (
              <EventsTab env={env} view={view} position={position} rows={events} />
            ) : tab === 'links' ? (
              <LinksTab env={env} view={view} rows={links} />
            ) : details.isPending ? (
              <FieldsSkeleton />
            ) : details.isError ? (
              <Failure
                error={details.error}
                retry={() => void details.refetch()}
                title="The fields did not come"
              />
            ) : tab === 'raw' ? (
              <RawTab fields={details.data.fields} />
            ) : (
              <FieldsTab fields={details.data.fields} dataset={dataset} />
            )}
          </div>
        </>
      )}
      <SameRequest view={view} others={props.others} select={props.select} />
    </aside>
  );
}

function Stats({
  view,
  position,
  dataset,
}: {
  view: TraceView;
  position: number;
  dataset: string | undefined;
}) {
  const { data, layout, whole } = view;
  const kind = at(layout.kind, position);
  const row = at(layout.row, position);
  const open = (at(layout.flags, position) & Flag.open) !== 0;
  const severity = row < 0 ? '' : word(data, at(data.severity, row));
  const lasted = at(layout.end, position) - at(layout.start, position);
  const name = service(data, layout, position);
  return (
    <dl className={styles.stats}>
      <div>
        <dt>{row >= 0 && at(data.service, row) < 0 ? 'dataset' : 'service'}</dt>
        <dd>
          {kind === Kind.missing ? (
            '–'
          ) : row >= 0 && at(data.service, row) < 0 ? (
            name
          ) : (
            <Value field="service.name" value={name} dataset={dataset} />
          )}
        </dd>
      </div>
      {isBar(kind) || kind === Kind.missing ? (
        <div>
          <dt>{kind === Kind.missing ? 'at least' : 'duration'}</dt>
          <dd>
            {open ? (
              'not ended'
            ) : (
              <>
                {length(lasted)} <span className="muted">{share(lasted, whole.to - whole.from)}</span>
              </>
            )}
          </dd>
        </div>
      ) : null}
      {isBar(kind) && !open ? (
        <div>
          <dt>self</dt>
          <dd>{length(at(layout.self, position))}</dd>
        </div>
      ) : null}
      {severity ? (
        <div>
          <dt>severity</dt>
          <dd>{severity}</dd>
        </div>
      ) : null}
      <div>
        <dt>{isBar(kind) || kind === Kind.missing ? 'start' : 'time'}</dt>
        <dd>{startOf(layout, position)}</dd>
      </div>
    </dl>
  );
}

const SKELETON_ROWS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

function FieldsSkeleton() {
  return (
    <div aria-busy="true">
      <span className="vh">Loading the fields</span>
      {SKELETON_ROWS.map((row) => (
        <div key={row} className={`skeleton ${styles.skeleton}`} />
      ))}
    </div>
  );
}
