import { TriangleAlert } from 'lucide-react';
import { type CSSProperties, useRef } from 'react';
import { Icon } from '@/design/Icon.tsx';
import { copyText } from '@/lib/clipboard.ts';
import { useKeys } from '@/lib/keys.ts';
import { useStable } from '@/lib/stable.ts';
import { type TimeWindow, windowText } from './axis.ts';
import { at } from './columns.ts';
import { rowName } from './describe.ts';
import { FilterBar } from './FilterBar.tsx';
import { LogsTab } from './LogsTab.tsx';
import type { LaidOut } from './load.ts';
import { MiniMap } from './MiniMap.tsx';
import { PANEL_TABS, type PanelTab, SidePanel } from './SidePanel.tsx';
import { Splitter } from './Splitter.tsx';
import type { TraceSearch } from './search.ts';
import { TABS, type Tab, TraceHead } from './TraceHead.tsx';
import { TraceJson } from './TraceJson.tsx';
import { TraceTable } from './TraceTable.tsx';
import styles from './trace.module.css';
import type { useAddress } from './useAddress.ts';
import { usePanelSize } from './usePanelSize.ts';
import type { Others } from './useRequest.ts';
import { useTraceView } from './useTraceView.ts';
import { errorMarks, nextMarked, openTo } from './visible.ts';
import { Waterfall } from './Waterfall.tsx';

interface Props {
  env: string;
  laidOut: LaidOut;
  others: Others;
  first: string | undefined;
  search: TraceSearch;
  change: ReturnType<typeof useAddress>[1];
  refresh: () => void;
}

export function TraceBody({ env, laidOut, others, first, search, change, refresh }: Props) {
  const view = useTraceView(laidOut, search, first);
  const { data, layout } = view;
  const [panel, setPanel] = usePanelSize();
  const input = useRef<HTMLInputElement>(null);
  const tab: Tab = TABS.find((one) => one === search.tab) ?? 'waterfall';
  const panelTab: PanelTab = PANEL_TABS.find((one) => one === search.panel) ?? 'fields';
  const open = search.panel !== 'none';

  const select = useStable((position: number) => {
    if (position < 0) return;
    const opened = openTo(layout, view.folded, position);
    if (opened !== view.folded) view.setFolded(opened);
    change({ span: rowName(data, layout, position) });
  });
  const step = (marks: Uint8Array, by: 1 | -1) => {
    const next = nextMarked(marks, view.selected, by);
    if (next < 0) return;
    // What is looked for may lie outside of the subtree that is drawn.
    if (view.focus >= 0 && (next < view.focus || next >= view.focus + at(layout.size, view.focus))) {
      change({ focus: undefined });
    }
    select(next);
  };
  const focusOn = (position: number) => {
    const name = rowName(data, layout, position);
    change({ focus: search.focus === name || at(layout.size, position) < 2 ? undefined : name, span: name });
  };
  const setTab = (next: Tab) => change({ tab: next === 'waterfall' ? undefined : next }, 'push');
  const setCritical = (on: boolean) => change({ cp: on ? '1' : undefined });
  const setClocks = (on: boolean) => change({ clocks: on ? '1' : undefined });
  const setWindow = (next: TimeWindow) => change({ w: windowText(next, view.whole) });

  const openPanel = (event: KeyboardEvent) => {
    if (!(event.target instanceof Element) || event.target.getAttribute('role') !== 'row') return false;
    change({ panel: undefined });
    return true;
  };
  const leave = () => {
    if (search.focus) change({ focus: undefined });
    else if (open) change({ panel: 'none' });
    else return false;
    return true;
  };

  useKeys({
    '/': () => input.current?.focus(),
    '[': () => step(errorMarks(layout), -1),
    ']': () => step(errorMarks(layout), 1),
    n: () => (view.matches ? step(view.matches, 1) : false),
    p: () => (view.matches ? step(view.matches, -1) : setCritical(!view.critical)),
    d: () => setPanel({ docked: !panel.docked }),
    c: () => void copyText(rowName(data, layout, view.selected).replace(/^e-/u, '')),
    r: () => refresh(),
    '1': () => setTab('waterfall'),
    '2': () => setTab('logs'),
    '3': () => setTab('table'),
    '4': () => setTab('json'),
    Enter: openPanel,
    Escape: leave,
  });

  return (
    <>
      <TraceHead view={view} others={others} tab={tab} setTab={setTab} />
      <FilterBar
        view={view}
        input={input}
        text={search.f ?? ''}
        setText={(f) => change({ f: f === '' ? undefined : f })}
        setCritical={setCritical}
        setClocks={setClocks}
        setHide={(hide) => change({ others: hide ? 'hide' : undefined })}
        step={(by) => step(view.matches ?? errorMarks(layout), by)}
        leaveFocus={() => change({ focus: undefined })}
        zoomed={search.w !== undefined && search.w !== ''}
        zoomOut={() => change({ w: undefined })}
      />
      {view.lost ? (
        <div className={`note warn ${styles.notice}`} role="status">
          <Icon of={TriangleAlert} />
          <span>
            The linked row <code>{search.span?.slice(0, 40)}</code> is not of this request as it stands here.
          </span>
        </div>
      ) : null}
      <div
        className={`${styles.body}${open ? ` ${panel.docked ? styles.below : styles.beside}` : ''}`}
        style={{ '--panel-w': `${panel.width}px`, '--panel-h': `${panel.height}px` } as CSSProperties}
      >
        <section className={styles.left} aria-label="Rows">
          {tab === 'waterfall' ? (
            <>
              <MiniMap view={view} setWindow={setWindow} />
              <Waterfall view={view} select={select} focusOn={focusOn} />
              <Foot critical={view.critical !== undefined} />
            </>
          ) : tab === 'logs' ? (
            <LogsTab view={view} others={others} select={select} />
          ) : tab === 'table' ? (
            <TraceTable view={view} sort={search.sort} setSort={(sort) => change({ sort })} select={select} />
          ) : (
            <TraceJson view={view} />
          )}
        </section>
        {open ? (
          <div className={styles.side}>
            <Splitter
              orientation={panel.docked ? 'horizontal' : 'vertical'}
              size={panel.docked ? panel.height : panel.width}
              min={panel.docked ? 120 : 240}
              max={panel.docked ? 720 : 900}
              resize={(size) => setPanel(panel.docked ? { height: size } : { width: size })}
            />
            <SidePanel
              env={env}
              view={view}
              others={others}
              select={select}
              tab={panelTab}
              setTab={(next) => change({ panel: next === 'fields' ? undefined : next })}
              close={() => change({ panel: 'none' })}
              docked={panel.docked}
              setDocked={(docked) => setPanel({ docked })}
            />
          </div>
        ) : null}
      </div>
    </>
  );
}

/** The keys of the waterfall, where they are looked for. */
function Foot({ critical }: { critical: boolean }) {
  return (
    <div className={`bar thin ${styles.foot}`}>
      <span>
        <kbd>j</kbd> <kbd>k</kbd> rows
      </span>
      <span>
        <kbd>←</kbd> <kbd>→</kbd> fold
      </span>
      <span>
        <kbd>f</kbd> focus subtree
      </span>
      <span>
        <kbd>[</kbd> <kbd>]</kbd> errors
      </span>
      <span className="hide-m">
        <kbd>d</kbd> dock panel
      </span>
      <span className="right cut hide-m">
        bar: span · outline: X-Ray segment · tick: line · diamond: error
        {critical ? ' · foot line: critical path' : ''}
      </span>
    </div>
  );
}
