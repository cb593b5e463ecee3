/** Numbers as a reader wants them: figure and unit, tabular, never more digits than carry meaning. */

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const few = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const three = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** `3,214,880` */
export function count(n: number): string {
  return plain.format(n);
}

/** `1.2 k`, `3.4 M`: for axes and badges. */
export function short(n: number): string {
  const abs = Math.abs(n);
  if (abs >= 1e9) return `${three.format(n / 1e9)} G`;
  if (abs >= 1e6) return `${three.format(n / 1e6)} M`;
  if (abs >= 1e4) return `${three.format(n / 1e3)} k`;
  return few.format(n);
}

/** A measured value: whole numbers in full, others with four digits. */
export function number(n: number): string {
  if (Number.isInteger(n)) return plain.format(n);
  return Math.abs(n) >= 1000 ? plain.format(n) : few.format(n);
}

/** Milliseconds: `412 µs`, `87 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs === 0) return '0';
  if (abs < 0.001) return `${three.format(ms * 1e6)} ns`;
  if (abs < 1) return `${three.format(ms * 1000)} µs`;
  if (abs < 1000) return `${three.format(ms)} ms`;
  if (abs < 120_000) return `${three.format(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (abs < 7_200_000) return `${minutes} min ${Math.round((ms - minutes * 60_000) / 1000)} s`;
  const hours = Math.floor(ms / 3_600_000);
  return `${count(hours)} h ${Math.round((ms - hours * 3_600_000) / 60_000)} min`;
}

/** `412 MB`, powers of ten as disks are sold. */
export function bytes(n: number): string {
  if (n < 1000) return `${plain.format(n)} B`;
  if (n < 1e6) return `${three.format(n / 1e3)} kB`;
  if (n < 1e9) return `${three.format(n / 1e6)} MB`;
  if (n < 1e12) return `${three.format(n / 1e9)} GB`;
  return `${three.format(n / 1e12)} TB`;
}

/** `0.04 %`, `92 %`; a share that is not nothing never reads `0 %`. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return '–';
  const percent = (100 * part) / whole;
  if (percent === 0) return '0 %';
  if (percent < 0.01) return '<0.01 %';
  if (percent < 0.1) return `${percent.toFixed(2)} %`;
  if (percent < 10) return `${percent.toFixed(1).replace(/\.0$/, '')} %`;
  // 99.9 of 100 is not all.
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : 100} %`;
}

/** `1 span`, `2 spans` */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Whether values of a field are durations in milliseconds, by the naming convention of its suffix. */
export function isDuration(field: string): boolean {
  return /(^|[._])duration_ms$|_ms$/.test(field);
}

/** A value of `field` with its unit where the name tells one. */
export function measured(field: string | undefined, n: number): string {
  return field && isDuration(field) ? duration(n) : number(n);
}

/** Any field value as text. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return '(no value)';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
