/** Ways of edges. Apart from the layout, whose library only the worker loads. */

export interface Point {
  x: number;
  y: number;
}

/** Height of name and rate below a ring. */
export const TEXT_HEIGHT = 40;

/** A smooth way through the points from ring to ring, horizontal at each, and where its label sits. */
export function edgePath(
  way: readonly Point[],
  fromRadius: number,
  toRadius: number,
  shift: number,
): { d: string; label: Point } | undefined {
  const [first, last] = [way[0], way.at(-1)];
  if (!first || !last) return undefined;
  const sign = last.x >= first.x ? 1 : -1;
  const from = { x: first.x + sign * (fromRadius + 4), y: first.y + shift };
  const to = { x: last.x - sign * (toRadius + 6), y: last.y + shift };
  const passed = way.slice(1, -1).filter(({ x }) => sign * (x - from.x) > 8 && sign * (to.x - x) > 8);
  // One point alone only keeps room for the label: the way is calmer without it.
  const between = passed.length > 1 ? passed : [];
  const all = [from, ...between, to];
  let d = `M${round(from.x)} ${round(from.y)}`;
  for (let i = 1; i < all.length; i++) {
    const [a, b] = [all[i - 1] as Point, all[i] as Point];
    const middle = round((a.x + b.x) / 2);
    d += `C${middle} ${round(a.y)} ${middle} ${round(b.y)} ${round(b.x)} ${round(b.y)}`;
  }
  // Four fifths of the way along its last curve: there the ways of one ring are apart.
  const before = all.at(-2) ?? from;
  const centre = {
    x: before.x + (to.x - before.x) * 0.752,
    y: before.y + (to.y - before.y) * 0.896,
  };
  const flat = Math.abs(to.y - before.y) < 1;
  if (flat) centre.x = (before.x + to.x) / 2;
  return { d, label: { x: round(centre.x), y: round(centre.y) - 7 } };
}

const round = (n: number) => Math.round(n * 10) / 10;
