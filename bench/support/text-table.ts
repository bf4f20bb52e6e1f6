/** Lays cells out as a table of text. */

/** A line for each row; the first columns are aligned left, the others right. By default all are aligned left. */
export function formatTable(rows: readonly (readonly string[])[], leftColumns = Number.POSITIVE_INFINITY): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const align = (cell: string, column: number) =>
    column < leftColumns ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(align).join('  ').trimEnd()).join('\n');
}
