/** The prices that requests are reckoned with: those of a file, or the built-in ones where DeepSeek itself is asked. */
import { readFile } from 'node:fs/promises';
import { deepseekPrices, type PriceSettings, PriceTable } from '@plumb/client';
import { CliError, ExitCode } from '../exit-code.js';

const DEEPSEEK = 'https://api.deepseek.com';

/** Undefined where no price is known. Rejects with a CliError when the file cannot be used. */
export async function findPrices(file: string | undefined, baseUrl: string): Promise<PriceTable | undefined> {
  if (file === undefined) return new URL(baseUrl).origin === DEEPSEEK ? deepseekPrices() : undefined;
  const text = await readFile(file, 'utf8');
  try {
    return new PriceTable(JSON.parse(text) as PriceSettings);
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'It is no JSON.' : (error as Error).message;
    throw new CliError(`The prices in ${file} cannot be used: ${reason}`, ExitCode.usage);
  }
}
