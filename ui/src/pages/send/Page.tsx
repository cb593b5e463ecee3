/** Wired to its route; the page itself follows. */
export function SendPage() {
  return null;
}
