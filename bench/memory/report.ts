/** What was found, a line each. */

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  /** The spread, or under which conditions. */
  readonly note: string;
  /** What it should be; empty where nothing was set. */
  readonly target: string;
}

export function formatRows(title: string, rows: readonly Row[]): string {
  const lines = rows.map(({ what, unit, value, note, target }) => {
    const goal = target === '' ? '' : `  (target ${target})`;
    return `  ${what.padEnd(58)} ${format(value).padStart(8)} ${unit.padEnd(3)} ${note}${goal}`.trimEnd();
  });
  return [title, ...lines, ''].join('\n');
}

function format(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
}
