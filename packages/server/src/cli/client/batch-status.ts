/** `plumb batch status`: what the result files of a batch say, also while a run is writing them. */
import { batchPaths, isBatchLocked, readManifest, readResults } from '@plumb/client/node';
import { CliError, ExitCode } from '../exit-code.js';
import { print, printJson } from '../print.js';
import { formatCount } from './number-format.js';

export async function showBatchStatus(output: string, flags: { readonly json?: true }): Promise<void> {
  const paths = batchPaths(output);
  const manifest = await readManifest(paths.manifest);
  if (manifest === undefined)
    throw new CliError(`There is no batch at ${output}: ${paths.manifest} is missing.`, ExitCode.usage);
  const succeeded = await countResults(paths.results);
  const failed = await countResults(paths.errors);
  const lines = manifest.input?.lines;
  const status = {
    running: await isBatchLocked(output),
    lines: lines ?? null,
    succeeded: succeeded.count,
    failed: failed.count,
    pending: lines === undefined ? null : Math.max(0, lines - succeeded.count - failed.count),
    errors: Object.fromEntries(failed.reasons),
    prompt_tokens: succeeded.prompt,
    cached_tokens: succeeded.cached,
    completion_tokens: succeeded.answer,
    updated_at: manifest.updated_at,
  };
  if (flags.json) return printJson(status);
  const reasons = [...failed.reasons].map(([reason, count]) => `${reason}: ${formatCount(count)}`).join(', ');
  print(
    [
      ['state', status.running ? 'running' : status.pending === 0 ? 'done' : 'not running'],
      ['answered', `${formatCount(status.succeeded)}${lines === undefined ? '' : ` of ${formatCount(lines)}`}`],
      ['failed', `${formatCount(status.failed)}${reasons === '' ? '' : ` (${reasons})`}`],
      ['left', status.pending === null ? 'unknown' : formatCount(status.pending)],
      [
        'tokens',
        `${formatCount(succeeded.prompt)} in (${formatCount(succeeded.cached)} cached), ${formatCount(succeeded.answer)} out`,
      ],
    ]
      .map(([name = '', value = '']) => `${name.padEnd(10)}${value}`)
      .join('\n'),
  );
}

/** Reasons that are told apart. */
const REASONS_MAX = 20;

async function countResults(path: string) {
  const found = { count: 0, prompt: 0, cached: 0, answer: 0, reasons: new Map<string, number>() };
  for await (const { status, errorCode, tokens } of readResults(path)) {
    found.count += 1;
    found.prompt += tokens?.prompt ?? 0;
    found.cached += tokens?.cached ?? 0;
    found.answer += tokens?.answer ?? 0;
    const reason = status === undefined || status === 200 ? (errorCode ?? 'unknown') : String(status);
    const named = found.reasons.has(reason) || found.reasons.size < REASONS_MAX ? reason : 'other';
    found.reasons.set(named, (found.reasons.get(named) ?? 0) + 1);
  }
  return found;
}
