/** Which columns a list of events opens with. Pure. */
import type { Row } from '@/api/types.ts';
import type { Question } from '@/query/model.ts';

const USUAL = ['dataset', 'name', 'service.name', 'duration_ms', 'error', 'body', 'severity_text'];
const MOST = 8;
/** Said otherwise already, or for machines. */
const HIDDEN = new Set(['timestamp_ns', 'event_id']);

/** Fields of the question first, then the usual ones that these events have; at most eight. */
export function columnsFor(rows: readonly Row[], question: Question): string[] {
  const asked = [
    ...question.breakdowns,
    ...question.filters.map((filter) => filter.column),
    ...question.calculations.flatMap((one) => one.column ?? []),
  ];
  const has = (field: string) => rows.some((row) => row[field] !== undefined && row[field] !== null);
  // The usual ones lead, as they say what the event is; those asked for follow and are never left out.
  const usual = USUAL.filter(has);
  const out = new Set<string>(usual.slice(0, 4));
  for (const field of asked)
    if (!HIDDEN.has(field) && !field.startsWith('trace.') && has(field)) out.add(field);
  for (const field of usual) if (out.size < MOST) out.add(field);
  return [...out].slice(0, Math.max(MOST, 4 + asked.length));
}

/** Fields of one event for its panel: by name, without what the panel's head says. */
export function fieldsOf(row: Row): [string, Row[string]][] {
  return Object.entries(row)
    .filter(([name, value]) => !HIDDEN.has(name) && value !== null)
    .sort(([a], [b]) => a.localeCompare(b));
}
