import { describe, expect, it } from 'vitest';
import { csv, csvCell } from './csv.ts';

describe('tables as files', () => {
  it.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx'])('%s cannot become a formula', (text) => {
    expect(csvCell(text).replace(/^"/, '').startsWith("'")).toBe(true);
  });

  it('leaves numbers alone', () => {
    expect(csvCell(-1.5)).toBe('-1.5');
    expect(csvCell(0)).toBe('0');
  });

  it('quotes what would break a line', () => {
    expect(csv(['a', 'b,c'], [{ a: 'x"y', 'b,c': 'l1\nl2' }, { a: null }])).toBe(
      'a,"b,c"\r\n"x""y","l1\nl2"\r\n,\r\n',
    );
  });
});
