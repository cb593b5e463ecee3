// Questions over lines that this browser has run, by environment. They stay here: nothing of them is sent anywhere.
import * as v from 'valibot';

const recent = v.object({
  /** The question. */
  q: v.string(),
  group: v.optional(v.string()),
  /** Its time as the address has it. */
  t: v.optional(v.string()),
  atMs: v.number(),
});

export type Recent = v.InferOutput<typeof recent>;

const MOST = 30;
/** Storage is small, and a longer question is a paste. */
const LONGEST = 4_000;

const keyOf = (env: string) => `foursight.insights.${env}`;

/** The newest first. What cannot be read is left out. */
export function recents(env: string): Recent[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(keyOf(env)) ?? '[]');
    if (!Array.isArray(read)) return [];
    return read.flatMap((one) => {
      const { success, output } = v.safeParse(recent, one);
      return success ? [output] : [];
    });
  } catch {
    // Storage may be forbidden, or hold what is not ours.
    return [];
  }
}

/** The same question again moves up, with the time and group it ran with last. */
export function withRecent(list: readonly Recent[], ran: Recent): Recent[] {
  if (ran.q.trim() === '' || ran.q.length > LONGEST) return [...list];
  return [ran, ...list.filter((one) => one.q !== ran.q || one.group !== ran.group)].slice(0, MOST);
}

export function remember(env: string, ran: Recent): void {
  try {
    localStorage.setItem(keyOf(env), JSON.stringify(withRecent(recents(env), ran)));
  } catch {
    // See above; or it is full.
  }
}

export function forgetRecents(env: string): void {
  try {
    localStorage.removeItem(keyOf(env));
  } catch {
    // See above.
  }
}
