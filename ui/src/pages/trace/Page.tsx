/** Wired to its route; the page itself follows. */
export function TracePage() {
  return null;
}
