/** Numbers of a load for people; a dash where there is none. */

const NONE = '–';

/** Thousands apart: `1,234,567`. */
export function formatCount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Three digits and the unit that fits: `0.42 ms`, `87.3 ms`, `1.25 s`, `85 s`. */
export function formatMs(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  if (value < 1000) return `${threeDigits(value)} ms`;
  return `${threeDigits(value / 1000)} s`;
}

/** Of a second: `19.8`, `4,021`. */
export function formatRate(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  return value >= 1000 ? formatCount(value) : threeDigits(value);
}

/** A number beside an axis, with no more digits than it needs: `50`, `2.5`, `8,000`. */
export function formatTick(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

/** A time beside an axis: `20 ms`, `1.5 s`. */
export function formatMsTick(value: number): string {
  return value < 1000 ? `${formatTick(value)} ms` : `${formatTick(value / 1000)} s`;
}

/** `97.2 %`. */
export function formatShare(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NONE;
  const percent = value * 100;
  if (percent === 0 || percent >= 100) return `${percent.toFixed(0)} %`;
  // What is not all must not look like all, nor what is something like nothing.
  return `${Math.min(Math.max(percent, 0.1), 99.9).toFixed(1)} %`;
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
