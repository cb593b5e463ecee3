import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clause } from './Clause.tsx';
import type { Filter } from './model.ts';
import { parseClause, renderFilter } from './text.ts';

const hostile = '<img src=x onerror=alert(1)>';

function answer(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });
}

beforeEach(() => {
  vi.stubGlobal('fetch', async (url: string) => {
    if (url.includes('/fields')) {
      const names = ['app.handle', 'http.route', 'duration_ms'];
      return answer({ fields: names.map((name) => ({ name, types: ['string'], rows: 1 })) });
    }
    const prefix = new URL(url, 'http://x').searchParams.get('prefix') ?? '';
    const values = ['andrewbrown', 'bayko', hostile].filter((value) => value.startsWith(prefix));
    return answer({ values: values.map((value) => ({ value, count: 7 })) });
  });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function Place({ initial, told }: { initial: Filter[]; told: (filters: Filter[]) => void }) {
  const [filters, setFilters] = useState(initial);
  return (
    <Clause
      name="Where"
      kind="filter"
      items={filters}
      render={renderFilter}
      show={renderFilter}
      parse={(text) => parseClause.filters(text).filters}
      change={(next) => {
        setFilters(next);
        told(next);
      }}
      add="condition"
      placeholder=""
      env="bootcamp"
      dataset={undefined}
    />
  );
}

function show(initial: Filter[] = []) {
  const told = vi.fn();
  render(
    <QueryClientProvider client={new QueryClient({ defaultOptions: { queries: { retry: false } } })}>
      <Place initial={initial} told={told} />
    </QueryClientProvider>,
  );
  return { told, user: userEvent.setup() };
}

const equal: Filter = { column: 'app.handle', op: '=', value: 'lore' };

describe('a clause, by keyboard alone', () => {
  it('is filled with field, comparison and value from the server', async () => {
    const { told, user } = show();
    await user.tab();
    await user.keyboard('{Enter}hand');
    await screen.findByRole('option', { name: /app\.handle/ });
    await user.keyboard('{Enter}{Enter}');
    expect(screen.getByRole<HTMLInputElement>('combobox').value).toBe('app.handle = ');
    await user.keyboard('an');
    await screen.findByRole('option', { name: /andrewbrown/ });
    await user.keyboard('{ArrowDown}{Enter}');
    expect(told).toHaveBeenLastCalledWith([{ column: 'app.handle', op: '=', value: 'andrewbrown' }]);
  });

  it('takes free text where a suggestion was not chosen', async () => {
    const { told, user } = show();
    await user.tab();
    await user.keyboard('{Enter}app.handle = an');
    await screen.findByRole('option', { name: /andrewbrown/ });
    await user.keyboard('{Enter}');
    expect(told).toHaveBeenLastCalledWith([{ column: 'app.handle', op: '=', value: 'an' }]);
  });

  it('says what is wrong and keeps what was typed', async () => {
    const { told, user } = show();
    await user.tab();
    await user.keyboard('{Enter}app.handle = {Enter}');
    expect((await screen.findByRole('alert')).textContent).toContain('a value');
    expect(told).not.toHaveBeenCalled();
    expect(screen.getByRole<HTMLInputElement>('combobox').value).toBe('app.handle = ');
  });

  it('is edited in place, left unchanged by Escape, and taken out by Delete', async () => {
    const { told, user } = show([equal]);
    await user.tab();
    await user.keyboard('{Enter}{Backspace}x{Escape}');
    expect(told).not.toHaveBeenCalled();
    await waitFor(() => expect(document.activeElement?.textContent).toBe('app.handle=lore'));
    await user.keyboard('{Delete}');
    expect(told).toHaveBeenLastCalledWith([]);
  });

  it('shows hostile values as text', async () => {
    const { user } = show();
    await user.tab();
    await user.keyboard('{Enter}app.handle = ');
    await screen.findByText(hostile);
    expect(document.querySelector('img')).toBeNull();
  });
});
