/** What a plan is drawn on: how wide it is, and which characters it can show. */

export interface Screen {
  readonly columns: number;
  /** Block characters, or plain ASCII. */
  readonly hasBlocks: boolean;
}

const DEFAULT_COLUMNS = 80;
const COLUMNS_MIN = 30;
const COLUMNS_MAX = 100;

/** A terminal with UTF-8 gets blocks; whatever else it is, ASCII on 80 columns. */
export function screenOf(
  { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number },
  { LC_ALL, LC_CTYPE, LANG, TERM }: NodeJS.ProcessEnv,
): Screen {
  if (isTTY !== true) return { columns: DEFAULT_COLUMNS, hasBlocks: false };
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  const hasBlocks = /utf-?8/i.test(locale) && TERM !== 'dumb' && TERM !== 'linux';
  return { columns: Math.max(COLUMNS_MIN, Math.min(columns ?? DEFAULT_COLUMNS, COLUMNS_MAX)), hasBlocks };
}

/** A name and its text behind it, broken between words so that no line is wider than the screen. */
export function renderRow(name: string, text: string, columns: number): string {
  const indent = NAME_COLUMNS;
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= columns - indent || line === '') lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(indent)}${line}`).join('\n');
}

/** What the names of rows take, with the space behind them. */
export const NAME_COLUMNS = 12;
