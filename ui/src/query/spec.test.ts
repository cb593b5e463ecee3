import { describe, expect, it } from 'vitest';
import type { QuerySpec } from '@/api/types.ts';
import { readAddress, writeAddress } from './address.ts';
import { specOf } from './model.ts';
import { NoClause, readSpec } from './spec.ts';

/** As it comes back from the server: JSON. */
const read = (spec: unknown) => readSpec(JSON.parse(JSON.stringify(spec)) as QuerySpec);

describe('a specification', () => {
  it.each([
    { v: 'COUNT' },
    { v: 'HEATMAP(duration_ms), P90(duration_ms)', t: '-10m' },
    {
      v: 'COUNT, MAX(app.result_length)',
      w: 'app.result_length exists and name!="a b" and status in (500, true, "x")',
      g: '`odd name`, trace.trace_id',
      o: 'MAX(app.result_length) desc, trace.trace_id asc',
      h: 'COUNT>2.5',
      l: '7',
      t: '2026-03-03T10:00:00.000001Z..2026-03-03T11:00:00.25Z',
    },
    { v: 'COUNT', w: 'a="" or b does-not-exist', t: '-28d' },
  ])('is read back to the clauses it was made of: %o', (address) => {
    const { question, problems } = readAddress(address);
    expect(problems).toEqual([]);
    expect(writeAddress(read(specOf(question)))).toEqual(writeAddress(question));
  });

  it('of other clients is read as the server understands it', () => {
    expect(read({})).toMatchObject({
      calculations: [{ op: 'COUNT' }],
      combination: 'AND',
      range: { kind: 'last', seconds: 7200 },
    });
    const [noon, hour] = [1_795_000_000n * 10n ** 9n, 3600n * 10n ** 9n];
    const between = { kind: 'between', startNs: noon, endNs: noon + hour };
    expect(read({ start_time: 1_795_000_000, time_range: 3600 }).range).toEqual(between);
    expect(read({ end_time: 1_795_003_600, time_range: 3600 }).range).toEqual(between);
    expect(read({ orders: [{ op: 'COUNT' }] }).orders).toEqual([{ op: 'COUNT', order: 'ascending' }]);
  });

  it.each([
    { granularity: 60 },
    { usage_mode: true },
    { calculations: [{ op: 'COUNT', name: 'hits' }] },
    { calculations: [{ op: 'COUNT', filters: [{ column: 'a', op: 'exists' }] }] },
    { filters: [{ column: 'a', op: '=', value: { b: 1 } }] },
    { havings: [{ calculate_op: 'COUNT', op: 'contains', value: 1 }] },
    { start_time: 1_795_000_000 },
    { formulas: [{}] },
  ])('that says more than the builder can show is not shown by half: %o', (spec) => {
    expect(() => read(spec)).toThrow(NoClause);
  });
});
