/** Wired to its route; the page itself follows. */
export function ExplorePage() {
  return null;
}
