/** Series and service colours: by hash of the name, so that a service keeps its colour from page to page. */

export const SERIES_COLOURS = 8;

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return h >>> 0;
}

/** The last three are dark in the light theme and pale in the dark one: taken when the others are. */
const FIRST_COLOURS = 5;

/** Index 1 to 5 into `--c1` … `--c8` for one name alone. */
export function colourIndex(name: string): number {
  return (hash(name) % FIRST_COLOURS) + 1;
}

/**
 * Colours for names shown together: each its hashed colour, clashes stepped to the next free one.
 * Past eight they repeat, and `round` tells which dash pattern sets them apart.
 */
export function colourIndexes(names: readonly string[]): Map<string, { index: number; round: number }> {
  const out = new Map<string, { index: number; round: number }>();
  const used = new Map<number, number>();
  for (const name of names) {
    if (out.has(name)) continue;
    const round = Math.floor(out.size / SERIES_COLOURS);
    let index = colourIndex(name);
    for (let step = 0; step < SERIES_COLOURS && (used.get(index) ?? 0) > round; step++) {
      index = (index % SERIES_COLOURS) + 1;
    }
    used.set(index, (used.get(index) ?? 0) + 1);
    out.set(name, { index, round });
  }
  return out;
}
