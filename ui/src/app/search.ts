/**
 * Search parameters as readable text: `v=HEATMAP(duration_ms),COUNT&t=-2h`, not JSON in quotes.
 * Every value is text; each page's schema gives it meaning.
 */

/** `?a=b&c` → `{a: 'b', c: ''}`. Broken escapes stay as they are rather than throw: a link is foreign input. */
export function parseSearch(search: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const part of search.replace(/^\?/, '').split('&')) {
    if (!part) continue;
    const at = part.indexOf('=');
    const key = decode(at < 0 ? part : part.slice(0, at));
    // A second value of a key would be lost silently; the first one wins, as readers see it first.
    if (!(key in out)) out[key] = at < 0 ? '' : decode(part.slice(at + 1));
  }
  return out;
}

/** The opposite. Absent (`undefined`) and empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(search)) {
    if (value === undefined || value === null || value === '') continue;
    parts.push(`${encode(key)}=${encode(String(value))}`);
  }
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Percent-encodes what a query string cannot hold, and nothing else, so that people can read it. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replace(/%(2C|2F|3A|3D|40|24|3B|3F|5B|5D)/g, (code) => decodeURIComponent(code));
}
