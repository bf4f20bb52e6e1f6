/** `plumb batch sort`: results in the order of their requests. */
import { readBatchFile, sortResults } from '@plumb/client/node';
import { print } from '../print.js';
import { formatCount } from './number-format.js';

export async function sortBatch(input: string, output: string, to: string): Promise<void> {
  const { lines, foreign } = await sortResults(readBatchFile(input), output, to);
  const others = foreign === 0 ? '' : `, ${formatCount(foreign)} of which are not in ${input} and stand at the end`;
  print(`${formatCount(lines)} results -> ${to}${others}`);
}
