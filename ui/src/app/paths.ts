/** Every link inside the product is built here. */

export const paths = {
  start: () => '/' as const,
  home: (env: string) => ({ to: '/e/$env', params: { env } }) as const,
  explore: (env: string) => ({ to: '/e/$env/explore', params: { env } }) as const,
  traces: (env: string) => ({ to: '/e/$env/traces', params: { env } }) as const,
  trace: (env: string, id: string) => ({ to: '/e/$env/trace/$id', params: { env, id } }) as const,
  map: (env: string) => ({ to: '/e/$env/map', params: { env } }) as const,
  sampling: (env: string) => ({ to: '/e/$env/sampling', params: { env } }) as const,
  arrivals: (env: string) => ({ to: '/e/$env/arrivals', params: { env } }) as const,
  send: (env: string) => ({ to: '/e/$env/send', params: { env } }) as const,
  logs: (env: string) => ({ to: '/e/$env/logs', params: { env } }) as const,
  errors: (env: string) => ({ to: '/e/$env/errors', params: { env } }) as const,
  /** An item: its project by the slug of its dataset, and its number there. */
  item: (env: string, project: string, counter: number) =>
    ({
      to: '/e/$env/errors/$project/$counter',
      params: { env, project, counter: String(counter) },
    }) as const,
  insights: (env: string) => ({ to: '/e/$env/insights', params: { env } }) as const,
  request: (env: string) => ({ to: '/e/$env/request', params: { env } }) as const,
  keys: (env: string) => ({ to: '/e/$env/settings/keys', params: { env } }) as const,
  environments: (env: string) => ({ to: '/e/$env/settings/environments', params: { env } }) as const,
  health: (env: string) => ({ to: '/e/$env/settings/health', params: { env } }) as const,
};
