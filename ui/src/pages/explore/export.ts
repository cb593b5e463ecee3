import type { Answer } from '@/api/types.ts';
import { csv, download } from '@/lib/csv.ts';

/** The result table as a file; heatmaps have no cell in a table. */
export function exportCsv(answer: Answer): void {
  const columns = [
    ...answer.breakdowns,
    ...answer.calculations.filter((one) => one.op !== 'HEATMAP').map((one) => one.label),
  ];
  download('foursight.csv', 'text/csv;charset=utf-8', csv(columns, answer.results));
}

/** The whole answer, series too. */
export function exportJson(answer: Answer): void {
  download('foursight.json', 'application/json', JSON.stringify(answer, null, 2));
}
