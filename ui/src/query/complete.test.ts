import { describe, expect, it } from 'vitest';
import { OPERATIONS, rank, wanted } from './complete.ts';

describe('what can stand at the caret', () => {
  it.each([
    ['calculation', 'P9', 'operation', 'P9'],
    ['calculation', 'P95(dur', 'field', 'dur'],
    ['calculation', 'P95(duration_ms)', 'nothing', undefined],
    ['field', 'http.ro', 'field', 'http.ro'],
    ['filter', 'na', 'field', 'na'],
    ['filter', 'name ', 'words', ''],
    ['filter', 'name star', 'words', 'star'],
    ['filter', 'name = ', 'value', ''],
    ['filter', 'status>=5', 'value', '5'],
    ['filter', 'name starts-with GE', 'value', 'GE'],
    ['filter', 'name in (a, b', 'value', 'b'],
    ['filter', 'name exists', 'words', 'exists'],
    ['filter', 'name exists ', 'nothing', undefined],
    ['order', 'CO', 'target', 'CO'],
    ['order', 'COUNT de', 'words', 'de'],
    ['having', 'COUNT ', 'words', ''],
    ['having', 'COUNT > ', 'nothing', undefined],
  ] as const)('%s “%s”', (kind, before, expected, typed) => {
    const found = wanted(kind, before);
    expect(found.kind).toBe(expected);
    if ('typed' in found) expect(found.typed).toBe(typed);
  });

  it('knows the field whose value is typed', () => {
    expect(wanted('filter', '`Sample Rate` = 1')).toMatchObject({ kind: 'value', field: 'Sample Rate' });
  });

  it('offers only numbers where numbers are needed', () => {
    expect(wanted('calculation', 'SUM(')).toMatchObject({ numeric: true });
    expect(wanted('calculation', 'COUNT_DISTINCT(')).toMatchObject({ numeric: false });
  });

  it('puts the equal one first, then beginnings, then beginnings of parts', () => {
    const names = ['xname', 'service.name', 'name_of', 'name', 'other'];
    expect(rank(names, 'name', (one) => one)).toEqual(['name', 'name_of', 'service.name', 'xname']);
  });

  it('says percentiles as shares', () => {
    const says = (name: string) => OPERATIONS.find((one) => one.name === name)?.says;
    expect(says('P999')).toContain('99.9 %');
    expect(says('P001')).toContain('0.1 %');
    expect(says('P05')).toContain('5 %');
  });
});
