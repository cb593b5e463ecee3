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

const ENVIRONMENT_COLOURS = new Set(['blue', 'green', 'gold', 'red', 'purple']);

/** The colour of an environment: the server names it (`purple`, `lightBlue`), the theme paints it. */
export function environmentColour(name: string | undefined): string {
  if (name === undefined) return 'var(--muted)';
  const light = /^light([A-Z])(.*)$/.exec(name);
  const base = light ? `${light[1]?.toLowerCase()}${light[2]}` : name;
  if (!ENVIRONMENT_COLOURS.has(base)) return 'var(--muted)';
  return light ? `color-mix(in oklab, var(--env-${base}) 65%, var(--bg))` : `var(--env-${base})`;
}
