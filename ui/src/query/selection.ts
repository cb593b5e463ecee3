/** A selection in the address: `duration_ms in <start>..<end> between <min> and <max>`. */
import { parseRange, renderInstant } from './range.ts';
import { parseClause, renderField } from './text.ts';

export interface Selection {
  column: string;
  startNs: bigint;
  endNs: bigint;
  min: number;
  max: number;
}

/** Reads what {@link renderSelection} wrote; `undefined` when it is something else. */
export function parseSelection(text: string | undefined): Selection | undefined {
  if (text === undefined) return undefined;
  const parts = /^(.+) in (\S+) between (\S+) and (\S+)$/.exec(text);
  if (!parts) return undefined;
  const range = parseRange(parts[2] ?? '');
  const min = Number(parts[3]);
  const max = Number(parts[4]);
  if (range?.kind !== 'between' || !Number.isFinite(min) || !Number.isFinite(max) || max < min)
    return undefined;
  try {
    const [column, ...rest] = parseClause.fields(parts[1] ?? '');
    if (column === undefined || rest.length > 0) return undefined;
    return { column, startNs: range.startNs, endNs: range.endNs, min, max };
  } catch {
    return undefined;
  }
}

export function renderSelection({ column, startNs, endNs, min, max }: Selection): string {
  const range = `${renderInstant(startNs)}..${renderInstant(endNs)}`;
  return `${renderField(column)} in ${range} between ${min} and ${max}`;
}
