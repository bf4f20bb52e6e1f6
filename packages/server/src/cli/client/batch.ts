/** `plumb batch`: files of requests in, files of results out, every line asked once, whatever happens in between. */
import { Command, Option } from 'commander';
import { withExample } from '../help.js';
import { readCostFlag, readMaxErrors, readProgressKind, readStatuses } from './batch-flags.js';
import { type RunFlags, runBatchCommand } from './batch-run.js';
import { sortBatch } from './batch-sort.js';
import { showBatchStatus } from './batch-status.js';
import { type ValidateFlags, validateBatch } from './batch-validate.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { readCount, withEndpointFlags } from './flags.js';
import { withInputFlags } from './input-flags.js';

export function batchCommand(context: ClientContext): Command {
  const batch = new Command('batch')
    .summary('Ask many requests from a file, and go on after whatever stopped it.')
    .description(
      'Ask the requests of a file (OpenAI batch format) and write the results to another. The results are the journal: ' +
        'the same command goes on where the last one stopped, and asks no line twice.',
    )
    .addCommand(runCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(statusCommand())
    .addCommand(validateCommand())
    .addCommand(sortCommand());
  return withExample(batch, 'plumb batch run in.jsonl -o out.jsonl');
}

function runCommand(context: ClientContext): Command {
  const run = withRunFlags(new Command('run'))
    .description('Ask every line of a file that has no result yet.')
    .option(
      '--retry-errors [statuses]',
      'ask refused lines again too: all (4xx), or those such as 400,422',
      readStatuses,
    );
  withExample(
    run,
    'plumb batch run in.jsonl -o out.jsonl',
    'plumb batch run in.jsonl -o out.jsonl --dry-run --requests-per-minute 300',
    'plumb batch run prompts.jsonl -o out.jsonl --shorthand --max-cost 5',
  );
  return run.action((input: string, flags: RunFlags, command: Command) =>
    ending(runBatchCommand(input, flags, { context, args: argsOf(command), onlyFailed: false })),
  );
}

function retryCommand(context: ClientContext): Command {
  const retry = withRunFlags(new Command('retry'))
    .description('Ask only the lines that have failed again.')
    .addOption(
      new Option('--retry-errors [statuses]', 'also refused ones: all (4xx), or those such as 400,422').argParser(
        readStatuses,
      ),
    );
  withExample(
    retry,
    'plumb batch retry in.jsonl -o out.jsonl',
    'plumb batch retry in.jsonl -o out.jsonl --retry-errors=422',
  );
  return retry.action((input: string, flags: RunFlags, command: Command) =>
    ending(runBatchCommand(input, flags, { context, args: argsOf(command), onlyFailed: true })),
  );
}

function withRunFlags(command: Command): Command {
  withInputFlags(command.argument('<input>', 'JSONL: {custom_id, method, url, body} in each line'))
    .requiredOption('-o, --output <file>', 'the answers; failures go to <name>.errors.jsonl beside it')
    .option('--dry-run', 'send nothing: count, and tell requests, tokens, cost and time')
    .addOption(
      new Option('--on-change <what>', 'when a line was answered with another body')
        .choices(['stop', 'rerun'])
        .default('stop'),
    )
    .option('--limit <lines>', 'ask at most so many lines this time', readCount)
    .option('--max-cost <amount>', 'stop before it costs more, such as 2.50', readCostFlag)
    .option('--max-errors <count>', 'stop when more lines fail: a number, or a part such as 1%', readMaxErrors)
    .option('--concurrency <count>', 'requests that are open at most (default: as many as the limits want)', readCount)
    .option('--requests-per-minute <count>', 'the limit of the endpoint (default: learnt from its answers)', readCount)
    .option('--tokens-per-minute <count>', 'the limit of the endpoint (default: learnt from its answers)', readCount)
    .option('--prices <file>', 'JSON with prices, in the form of `models` and `billing.peak` of a server')
    .option('--progress <kind>', 'auto, json (NDJSON on stderr) or none', readProgressKind, 'auto')
    .option('--report <file>', 'write the summary as JSON')
    .option('--json', 'print the summary as one line of JSON on stdout');
  return withEndpointFlags(command);
}

function statusCommand(): Command {
  const status = new Command('status')
    .description('Tell how far a batch is, also while it runs.')
    .argument('<output>', 'the file that was given with -o')
    .option('--json', 'print it as one line of JSON');
  withExample(status, 'plumb batch status out.jsonl');
  return status.action((output: string, flags: { json?: true }) => ending(showBatchStatus(output, flags)));
}

function validateCommand(): Command {
  const validate = withInputFlags(new Command('validate').argument('<input>', 'the file with the requests'))
    .description('Check every line of a file, and name those that are wrong.')
    .option('--json', 'print the result as one line of JSON');
  withExample(validate, 'plumb batch validate in.jsonl');
  return validate.action((input: string, flags: ValidateFlags) => ending(validateBatch(input, flags)));
}

function sortCommand(): Command {
  const sort = new Command('sort')
    .description('Write results in the order of their requests.')
    .argument('<input>', 'the file with the requests')
    .argument('<output>', 'the file with the results')
    .requiredOption('--to <file>', 'where the sorted results go');
  withExample(sort, 'plumb batch sort in.jsonl out.jsonl --to sorted.jsonl');
  return sort.action((input: string, output: string, { to }: { to: string }) => ending(sortBatch(input, output, to)));
}

/** What was typed, for the command that goes on. */
function argsOf(command: Command): readonly string[] {
  let root: Command = command;
  while (root.parent !== null) root = root.parent;
  return (root as Command & { readonly rawArgs: readonly string[] }).rawArgs;
}

async function ending(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw withExitCode(error);
  }
}
