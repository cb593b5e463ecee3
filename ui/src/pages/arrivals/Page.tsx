/** Wired to its route; the page itself follows. */
export function ArrivalsPage() {
  return null;
}
