/** Tables as comma-separated values (RFC 4180): CRLF, quotes where they are needed and doubled inside. */

/** One line with its end. */
export function writeCsvRow(cells: readonly string[]): string {
  return `${cells.map(quote).join(',')}\r\n`;
}

/** White space at the edges is quoted as well: some readers cut it off. */
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

function quote(cell: string): string {
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** What spreadsheets take for a formula, also behind the apostrophes that keep them from it. */
const FORMULA = /^'*[=+\-@\t\r]/;

/**
 * A text that people chose, made harmless: spreadsheets would run `=1+1` as a formula, and show `'=1+1` as the text that
 * it is. Taking one apostrophe off what begins with apostrophes and such a sign gives the text back.
 */
export function defuse(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}
