import type { Answer, Heatmap } from '@/api/types.ts';
import { fromMs } from '@/lib/time.ts';
import type { Selection } from '@/query/selection.ts';
import { heatmapOf } from '@/viz/answer.ts';
import type { Box, TimeGrid } from '@/viz/heat.ts';
import { HeatPanel } from './HeatPanel.tsx';

import { SeriesPanel } from './SeriesPanel.tsx';

interface Props {
  answer: Answer;
  grid: TimeGrid;
  /** While BubbleUp is open only heatmaps show, so that its cards are in view. */
  heatOnly: boolean;
  lit: Heatmap | undefined;
  litAt: number;
  linear: boolean;
  setLinear: (linear: boolean) => void;
  selection: Selection | undefined;
  select: (selection: Selection | undefined) => void;
  bubbling: boolean;
  bubbleUp: () => void;
  zoom: (range: Pick<Selection, 'startNs' | 'endNs'>) => void;
  openCell: (column: string, box: Box) => void;
  openPoint: (bucket: number, group: number) => void;
}

/** One graph per calculation, heatmaps first. */
export function Graphs(props: Props) {
  const { answer, grid } = props;
  const heat = answer.calculations.flatMap((one, at) => {
    const map = one.op === 'HEATMAP' ? heatmapOf(answer, at) : undefined;
    return map ? [{ at, map, column: one.column ?? '' }] : [];
  });
  const lines = answer.calculations.flatMap((one, at) => (one.op === 'HEATMAP' ? [] : [at]));
  const hideLines = props.heatOnly && heat.length > 0;
  return (
    <>
      {heat.map(({ at, map, column }) => (
        <HeatPanel
          key={column}
          answer={answer}
          grid={grid}
          column={column}
          map={map}
          lit={at === props.litAt ? props.lit : undefined}
          linear={props.linear}
          setLinear={props.setLinear}
          selection={props.selection}
          select={props.select}
          bubbling={props.bubbling}
          bubbleUp={props.bubbleUp}
          zoom={props.zoom}
          open={props.openCell}
        />
      ))}
      {hideLines
        ? null
        : lines.map((at, i) => (
            <SeriesPanel
              key={answer.calculations[at]?.label}
              answer={answer}
              grid={grid}
              at={at}
              tall={heat.length === 0 && i === 0}
              axis={i === 0 && heat.length === 0}
              zoom={(startMs, endMs) => props.zoom({ startNs: fromMs(startMs), endNs: fromMs(endMs) })}
              pick={props.openPoint}
            />
          ))}
    </>
  );
}
