/** BubbleUp's answers in words and bars. Pure. */
import type { Bar, Cell, Facet, Facets } from '@/api/types.ts';
import { share, valueText } from '@/lib/format.ts';

export interface PairBar {
  value: Cell;
  name: string;
  /** Shares, 0 to 1. */
  selected: number;
  baseline: number;
}

const ROWS = 4;

/**
 * How fields are distributed over all rows. The server counts rows as selected where nothing was selected; on the page
 * they are what a selection would be compared with.
 */
export function distribution(facets: Facets): Facets {
  return {
    ...facets,
    selected: 0,
    baseline: facets.selected + facets.baseline,
    fields: facets.fields.map((facet) => ({ ...facet, shape: wholeOf(facet.shape) })),
  };
}

function wholeOf(shape: Facet['shape']): Facet['shape'] {
  if (shape.kind === 'measure') {
    return { ...shape, selected: [], baseline: [...shape.baseline, ...shape.selected] };
  }
  return {
    ...shape,
    bars: shape.bars.map((bar) => ({ ...bar, selected: 0, baseline: bar.selected + bar.baseline })),
  };
}

/** The bars of a card: the most telling values first, then what is left. */
export function pairsOf(facet: Facet, facets: Facets, rows = ROWS): PairBar[] {
  if (facet.shape.kind !== 'values') return [];
  const part = (n: number, all: number) => (all > 0 ? n / all : 0);
  return facet.shape.bars.slice(0, rows).map((bar) => ({
    value: bar.value,
    name: valueText(bar.value),
    selected: part(bar.selected, facets.selected),
    baseline: part(bar.baseline, facets.baseline),
  }));
}

/** The end of a path tells it apart; the middle of other texts is cut by the style sheet. */
export function shortName(name: string): string {
  const [, method = '', path = ''] = /^([A-Z]{3,7} )?(\/.*)$/.exec(name) ?? [];
  if (name.length <= 17 || path === '') return name;
  const two = path.split('/').slice(-2).join('/');
  return `${method}…/${method.length + two.length > 16 ? path.split('/').at(-1) : two}`;
}

export interface Finding {
  field: string;
  bar: Bar;
  selected: string;
  baseline: string;
}

/** What to say first: the values that are much more frequent in the selection, ids aside. At most two. */
export function findings(facets: Facets): Finding[] {
  const out: Finding[] = [];
  for (const facet of facets.fields) {
    if (out.length === 2) break;
    if (facet.is_id || facet.shape.kind !== 'values' || facet.difference < 0.1) continue;
    const best = [...facet.shape.bars].sort((a, b) => gain(b, facets) - gain(a, facets))[0];
    if (!best || gain(best, facets) < 0.1) continue;
    out.push({
      field: facet.field,
      bar: best,
      selected: share(best.selected, facets.selected),
      baseline: share(best.baseline, facets.baseline),
    });
  }
  return out;
}

function gain(bar: Bar, facets: Facets): number {
  const selected = facets.selected > 0 ? bar.selected / facets.selected : 0;
  const baseline = facets.baseline > 0 ? bar.baseline / facets.baseline : 0;
  return selected - baseline;
}

/** Two histograms over shared bins as heights 0 to 1, each by its own greatest bin; at most `most` columns. */
export function columnsOf(
  selected: readonly { min: number; max: number; count: number }[],
  baseline: readonly { min: number; max: number; count: number }[],
  most: number,
): { min: number; max: number; selected: number; baseline: number }[] {
  const edges = new Map<number, { min: number; max: number; selected: number; baseline: number }>();
  for (const [name, bins] of [
    ['selected', selected],
    ['baseline', baseline],
  ] as const) {
    for (const bin of bins) {
      const at = edges.get(bin.min) ?? { min: bin.min, max: bin.max, selected: 0, baseline: 0 };
      at[name] += bin.count;
      edges.set(bin.min, at);
    }
  }
  let columns = [...edges.values()].sort((a, b) => a.min - b.min);
  while (columns.length > most) {
    columns = columns.reduce<typeof columns>((out, column, i) => {
      const last = out.at(-1);
      if (i % 2 === 1 && last) {
        last.max = column.max;
        last.selected += column.selected;
        last.baseline += column.baseline;
      } else {
        out.push({ ...column });
      }
      return out;
    }, []);
  }
  const topSelected = Math.max(1e-9, ...columns.map((one) => one.selected));
  const topBaseline = Math.max(1e-9, ...columns.map((one) => one.baseline));
  return columns.map((one) => ({
    ...one,
    selected: one.selected / topSelected,
    baseline: one.baseline / topBaseline,
  }));
}
