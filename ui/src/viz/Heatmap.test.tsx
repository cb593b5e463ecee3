import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Heatmap } from './Heatmap.tsx';
import type { Box } from './heat.ts';

const map = { min: [1, 10, 100], max: [10, 100, 1000], cells: [2, 1, 9, 3, 2, 1], peak: 9 };
const grid = { firstMs: 0, stepMs: 1000, buckets: 6, startMs: 0, endMs: 6000 };

afterEach(cleanup);

function show(box?: Box) {
  const told = { onBox: vi.fn(), onCell: vi.fn(), onEnter: vi.fn() };
  render(
    <Heatmap
      map={map}
      grid={grid}
      name="duration_ms"
      scale="log"
      say={String}
      box={box}
      summary="two cells"
      {...told}
    />,
  );
  return { ...told, user: userEvent.setup() };
}

describe('a heatmap, by keyboard alone', () => {
  it('starts at the peak, says the cell, and grows a box', async () => {
    const { onBox, user } = show();
    await user.tab();
    await user.keyboard('{ArrowRight}');
    expect(document.querySelector('[aria-live]')?.textContent).toContain('9 events');
    await user.keyboard('{Shift>}{ArrowRight}{ArrowUp}{/Shift}');
    expect(onBox).toHaveBeenLastCalledWith({ startMs: 2000, endMs: 4000, min: 10, max: 1000 });
  });

  it('asks BubbleUp with Enter and clears with Escape', async () => {
    const { onBox, onEnter, user } = show({ startMs: 2000, endMs: 3000, min: 10, max: 100 });
    await user.tab();
    await user.keyboard('{Enter}');
    expect(onEnter).toHaveBeenCalledOnce();
    await user.keyboard('{Escape}');
    expect(onBox).toHaveBeenLastCalledWith(undefined);
  });

  it('has a picture with a sentence', () => {
    show();
    expect(screen.getByRole('img', { name: 'two cells' })).toBeDefined();
  });
});
