import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { issueQuery } from '@/api/issues.ts';
import { datasetsQuery, sessionQuery } from '@/api/queries.ts';
import { arrivalsSearch } from '@/pages/arrivals/search.ts';
import { errorsSearch, itemSearch, oldItemSearch } from '@/pages/errors/search.ts';
import { exploreSearch } from '@/pages/explore/search.ts';
import { homeSearch } from '@/pages/home/search.ts';
import { insightsSearch } from '@/pages/insights/search.ts';
import { logsSearch } from '@/pages/logs/search.ts';
import { mapSearch } from '@/pages/map/search.ts';
import { samplingSearch } from '@/pages/sampling/search.ts';
import { sendSearch } from '@/pages/send/search.ts';
import { keysSearch } from '@/pages/settings/search.ts';
import { requestSearch, traceSearch } from '@/pages/trace/search.ts';
import { openingRange } from '@/query/opening.ts';
import { lastEnvironment } from './environment.ts';
import { NewEnvironment } from './NewEnvironment.tsx';
import { NotFound } from './NotFound.tsx';
import { paths } from './paths.ts';
import { Root } from './Root.tsx';
import { RouteError } from './RouteError.tsx';
import { Shell } from './Shell.tsx';
import { parseSearch, stringifySearch } from './search.ts';

const root = createRootRouteWithContext<{ client: QueryClient }>()({
  component: Root,
  notFoundComponent: NotFound,
});

/** `/` goes to Home of the environment used last; a server without any asks for the first. */
const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: async ({ context }) => {
    const session = await context.client.ensureQueryData(sessionQuery());
    const env = lastEnvironment(session.environments.map((one) => one.slug));
    if (env) throw redirect({ to: '/e/$env', params: { env }, replace: true });
  },
  component: () => <NewEnvironment first />,
});

const newEnvironment = createRoute({
  getParentRoute: () => root,
  path: '/new',
  component: () => <NewEnvironment />,
});

const environment = createRoute({
  getParentRoute: () => root,
  path: '/e/$env',
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => environment,
  path: '/',
  validateSearch: homeSearch,
  component: lazyRouteComponent(() => import('@/pages/home/Page.tsx'), 'HomePage'),
});

const explore = createRoute({
  getParentRoute: () => environment,
  path: 'explore',
  validateSearch: exploreSearch,
  // A first look at a young environment would be an almost empty picture: the range fits its age.
  beforeLoad: async ({ context, params, search }) => {
    if (Object.values(search).some((value) => value !== undefined)) return;
    const datasets = await context.client.ensureQueryData(datasetsQuery(params.env)).catch(() => []);
    const t = openingRange(datasets, Date.now());
    if (t) throw redirect({ to: '/e/$env/explore', params, search: { t }, replace: true });
  },
  component: lazyRouteComponent(() => import('@/pages/explore/Page.tsx'), 'ExplorePage'),
});

const trace = createRoute({
  getParentRoute: () => environment,
  path: 'trace/$id',
  validateSearch: traceSearch,
  component: lazyRouteComponent(() => import('@/pages/trace/Page.tsx'), 'TracePage'),
});

const map = createRoute({
  getParentRoute: () => environment,
  path: 'map',
  validateSearch: mapSearch,
  component: lazyRouteComponent(() => import('@/pages/map/Page.tsx'), 'MapPage'),
});

const sampling = createRoute({
  getParentRoute: () => environment,
  path: 'sampling',
  validateSearch: samplingSearch,
  component: lazyRouteComponent(() => import('@/pages/sampling/Page.tsx'), 'SamplingPage'),
});

const arrivals = createRoute({
  getParentRoute: () => environment,
  path: 'arrivals',
  validateSearch: arrivalsSearch,
  component: lazyRouteComponent(() => import('@/pages/arrivals/Page.tsx'), 'ArrivalsPage'),
});

const send = createRoute({
  getParentRoute: () => environment,
  path: 'send',
  validateSearch: sendSearch,
  component: lazyRouteComponent(() => import('@/pages/send/Page.tsx'), 'SendPage'),
});

const logs = createRoute({
  getParentRoute: () => environment,
  path: 'logs',
  validateSearch: logsSearch,
  component: lazyRouteComponent(() => import('@/pages/logs/Page.tsx'), 'LogsPage'),
});

const insights = createRoute({
  getParentRoute: () => environment,
  path: 'insights',
  validateSearch: insightsSearch,
  component: lazyRouteComponent(() => import('@/pages/insights/Page.tsx'), 'InsightsPage'),
});

const errors = createRoute({
  getParentRoute: () => environment,
  path: 'errors',
  validateSearch: errorsSearch,
  component: lazyRouteComponent(() => import('@/pages/errors/Page.tsx'), 'ErrorsPage'),
});

const item = createRoute({
  getParentRoute: () => environment,
  path: 'errors/$project/$counter',
  validateSearch: itemSearch,
  component: lazyRouteComponent(() => import('@/pages/errors/ItemPage.tsx'), 'ItemPage'),
});

/** Where the server sends those who ask for an item by its number on this server. */
const itemById = createRoute({
  getParentRoute: () => environment,
  path: 'errors/$id',
  validateSearch: oldItemSearch,
  beforeLoad: async ({ context, params, search }) => {
    const { issue } = await context.client.ensureQueryData(issueQuery(params.env, params.id));
    const o = search.occurrence;
    throw redirect({
      ...paths.item(params.env, issue.dataset, issue.counter),
      search: o === undefined ? {} : { o },
      replace: true,
    });
  },
});

const request = createRoute({
  getParentRoute: () => environment,
  path: 'request',
  validateSearch: requestSearch,
  component: lazyRouteComponent(() => import('@/pages/trace/RequestPage.tsx'), 'RequestPage'),
});

const settings = createRoute({
  getParentRoute: () => environment,
  path: 'settings',
  beforeLoad: ({ params, location }) => {
    if (/\/settings\/?$/.test(location.pathname)) {
      throw redirect({ to: '/e/$env/settings/keys', params, replace: true });
    }
  },
});

const keys = createRoute({
  getParentRoute: () => settings,
  path: 'keys',
  validateSearch: keysSearch,
  component: lazyRouteComponent(() => import('@/pages/settings/KeysPage.tsx'), 'KeysPage'),
});

const environments = createRoute({
  getParentRoute: () => settings,
  path: 'environments',
  component: lazyRouteComponent(() => import('@/pages/settings/EnvironmentsPage.tsx'), 'EnvironmentsPage'),
});

const health = createRoute({
  getParentRoute: () => settings,
  path: 'health',
  component: lazyRouteComponent(() => import('@/pages/settings/HealthPage.tsx'), 'HealthPage'),
});

/** A short link: looked up, then replaced by what it stands for. */
const link = createRoute({
  getParentRoute: () => root,
  path: 'l/$id',
  component: lazyRouteComponent(() => import('./ShortLink.tsx'), 'ShortLink'),
});

const routes = root.addChildren([
  index,
  newEnvironment,
  link,
  environment.addChildren([
    home,
    explore,
    trace,
    map,
    sampling,
    logs,
    insights,
    request,
    errors,
    item,
    itemById,
    arrivals,
    send,
    settings.addChildren([keys, environments, health]),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
