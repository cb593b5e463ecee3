// The one policy of the page for addresses of workers: our own origin, nothing else.

interface ScriptUrlPolicy {
  createScriptURL(url: string): string;
}
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): ScriptUrlPolicy;
}

function ownOrigin(url: string): string {
  const full = new URL(url, location.href);
  if (full.origin !== location.origin) throw new TypeError('a worker must come from our own origin');
  return full.href;
}

let policy: ScriptUrlPolicy | undefined;

/** The address of one of our workers, as the browser's Trusted Types want it. */
export function workerAddress(url: string): string {
  if (policy === undefined) {
    const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes;
    policy = factory
      ? factory.createPolicy('foursight-worker', { createScriptURL: ownOrigin })
      : { createScriptURL: ownOrigin };
  }
  return policy.createScriptURL(url);
}
