import './design/index.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client.ts';
import { makeRouter } from './app/router.tsx';
import { watchSystemTheme } from './lib/theme.ts';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // The server's word is final; only silence is worth asking again.
      retry: (failures, error) => error instanceof ApiError && error.offline && failures < 3,
      retryDelay: (attempt) => Math.min(30_000, 1000 * 2 ** attempt),
      refetchOnWindowFocus: false,
    },
  },
});

watchSystemTheme();

const place = document.getElementById('root');
if (!place) throw new Error('index.html has no #root');
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={makeRouter(client)} />
    </QueryClientProvider>
  </StrictMode>,
);
