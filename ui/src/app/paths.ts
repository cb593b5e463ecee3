/** Every link inside the product is built here. */

export const paths = {
  home: () => '/' as const,
  explore: (env: string) => ({ to: '/e/$env/explore', params: { env } }) as const,
  traces: (env: string) => ({ to: '/e/$env/traces', params: { env } }) as const,
  trace: (env: string, id: string) => ({ to: '/e/$env/trace/$id', params: { env, id } }) as const,
  arrivals: (env: string) => ({ to: '/e/$env/arrivals', params: { env } }) as const,
  send: (env: string) => ({ to: '/e/$env/send', params: { env } }) as const,
};
