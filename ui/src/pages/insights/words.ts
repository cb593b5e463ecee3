import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { post } from '@/api/client.ts';
import { fieldsQuery } from '@/api/queries.ts';
import type { Field, LogWords } from '@/api/types.ts';

export interface FoundField {
  /** As it is written in a question. */
  name: string;
  /** `int`, `text` …; empty: not known. */
  type: string;
  /** Part of the lines that had it; nothing: not counted. */
  part: number | undefined;
}

/** What can stand in a question over the lines of a group. */
export interface Words {
  commands: readonly string[];
  functions: readonly { name: string; about: string }[];
  keywords: readonly string[];
  fields: readonly FoundField[];
}

export const NO_WORDS: Words = { commands: [], functions: [], keywords: [], fields: [] };

const SHORT: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'int',
  float: 'float',
  boolean: 'bool',
};

/** Every line has these; a trace id, an account and a region not every one. */
const ALWAYS = new Set(['@timestamp', '@message', '@logStream', '@log', '@ingestionTime']);

/** Fields of the language's own come first, then the others by how many lines have them. */
export function fieldsFound(words: LogWords, counted: readonly Field[]): FoundField[] {
  const known = new Map(counted.map((one) => [one.name, one]));
  // Some column stands in each line, so the fullest one counts the lines.
  const lines = Math.max(0, ...counted.map((one) => one.rows));
  const special = new Set(words.special_fields);
  const found = words.fields
    .filter((name) => !special.has(name))
    .map((name) => {
      const field = known.get(name.replaceAll('`', ''));
      const type =
        field?.types.length === 1 ? (SHORT[field.types[0] ?? ''] ?? '') : field?.types.length ? 'mixed' : '';
      return { name, type, part: field && lines > 0 ? field.rows / lines : undefined };
    })
    .sort((a, b) => (b.part ?? 0) - (a.part ?? 0));
  const always = words.special_fields.map((name) => ({
    name,
    type: /time/iu.test(name) ? 'time' : 'text',
    part: ALWAYS.has(name) ? 1 : undefined,
  }));
  return [...always, ...found];
}

export function useWords(env: string, group: string | undefined, dataset: string | undefined): Words {
  const words = useQuery({
    queryKey: ['log-words', env, group ?? null],
    queryFn: ({ signal }) =>
      post<LogWords>('/logs/words', { env, groups: group === undefined ? [] : [group] }, { signal }),
    staleTime: 30_000,
  }).data;
  const counted = useQuery({ ...fieldsQuery(env, dataset), enabled: dataset !== undefined }).data;
  return useMemo(
    () =>
      words
        ? {
            commands: words.commands,
            functions: words.functions,
            keywords: words.keywords,
            fields: fieldsFound(words, counted ?? []),
          }
        : NO_WORDS,
    [words, counted],
  );
}
