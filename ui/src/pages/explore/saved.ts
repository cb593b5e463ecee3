/** Saved queries against what the page shows. */
import type { SavedQuery } from '@/api/types.ts';
import { writeAddress } from '@/query/address.ts';
import { type Question, specOf } from '@/query/model.ts';
import { NoClause, readSpec } from '@/query/spec.ts';
import type { ExploreSearch } from './search.ts';

/** Where a saved query opens, or why it cannot. */
export type Opening = { question: Question; search: ExploreSearch } | { cannot: string };

/** The address of a question in a dataset. */
export function addressOf(dataset: string | undefined, question: Question): ExploreSearch {
  return { ds: dataset, ...writeAddress(question) };
}

export function openingOf(saved: SavedQuery): Opening {
  if (!saved.asked) return { cannot: saved.problem ?? 'It cannot be read.' };
  try {
    const question = readSpec(saved.asked.query);
    return { question, search: addressOf(saved.dataset ?? undefined, question) };
  } catch (error) {
    if (!(error instanceof NoClause)) throw error;
    return { cannot: `It asks for ${error.message}, which the builder cannot show.` };
  }
}

/** The saved query that asks just this. */
export function savedAs(
  saved: readonly SavedQuery[],
  dataset: string | undefined,
  question: Question,
): SavedQuery | undefined {
  const asked = identity(dataset, question);
  return saved.find((one) => {
    const opening = openingOf(one);
    return 'question' in opening && identity(one.dataset ?? undefined, opening.question) === asked;
  });
}

/** The same for the same question, whether it came by the address or was kept, which rounds its times. */
function identity(dataset: string | undefined, question: Question): string {
  return JSON.stringify([dataset ?? null, specOf(readSpec(specOf(question)))]);
}

/** Those with every word of the text in their name, description, dataset or question. */
export function matching(saved: readonly SavedQuery[], text: string): SavedQuery[] {
  const words = text.toLowerCase().split(/\s+/u).filter(Boolean);
  return saved.filter((one) => {
    const all =
      `${one.name}\n${one.description}\n${one.dataset ?? ''}\n${one.asked?.text ?? ''}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
