/** `plumb batch validate`: names every line of a file that would keep a batch from beginning. */
import { checkBatch } from '@plumb/client';
import { readBatchFile } from '@plumb/client/node';
import { CliError, ExitCode } from '../exit-code.js';
import { print, printJson } from '../print.js';
import { type InputFlags, lineOptionsOf } from './input-flags.js';
import { formatCount } from './number-format.js';

export interface ValidateFlags extends InputFlags {
  readonly json?: true;
}

/** Rejects with exit code 2 when there are problems. */
export async function validateBatch(input: string, flags: ValidateFlags): Promise<void> {
  const source = readBatchFile(input, flags.lineBytesMax);
  const { lines, problems, problemCount } = await checkBatch(source, lineOptionsOf(flags, flags.model));
  if (flags.json) printJson({ lines, problems, problem_count: problemCount, sha256: source.sha256 });
  else for (const { line, problem } of problems) print(`${input}:${line}: ${problem}`);
  if (problemCount > 0) {
    const more = problemCount > problems.length ? `, of which the first ${problems.length} are shown` : '';
    throw new CliError(`${formatCount(problemCount)} lines of ${input} have problems${more}.`, ExitCode.usage);
  }
  if (!flags.json) print(`${formatCount(lines)} lines are in order.`);
}
