/** `plumb load`: an open loop, or a closed one, of requests to an endpoint; and two of them side by side. */
import { Command, Option } from 'commander';
import { withExample } from '../help.js';
import { readProgressKind } from './batch-flags.js';
import type { ClientContext } from './context.js';
import { withExitCode } from './failure.js';
import { readCount, withEndpointFlags } from './flags.js';
import { type CompareFlags, compareLoads } from './load-compare.js';
import {
  collectModel,
  readArrivals,
  readDuration,
  readLengthsFlag,
  readObjectiveFlag,
  readRate,
  readSeed,
  readShare,
  readStages,
} from './load-flags.js';
import { type LoadFlags, runLoadCommand } from './load-run.js';

export function loadCommand(context: ClientContext): Command {
  const load = new Command('load')
    .summary('Put a load on an endpoint, and measure how it takes it.')
    .description(
      'Send requests at a rate, whatever the endpoint does (open loop), or so many at once (closed loop), and measure ' +
        'times, throughput and goodput. In an open loop times count from when a request was due.',
    );
  withArrivalFlags(load);
  withRequestFlags(load);
  withOutputFlags(load);
  withExample(
    withEndpointFlags(load),
    'plumb load --rate 20rps --duration 60s --warm-up 10s --report report.html',
    'plumb load --concurrency 32 --requests 1000 --prompt-tokens 500,2000',
    'plumb load --stages 10rps:30s,10rps..50rps:2m --objective "ttft<500ms"',
    'plumb load --input in.jsonl --rate 5rps --json monday.json',
    'plumb load compare monday.json tuesday.json',
  );
  load.addCommand(compareCommand());
  return load.action((flags: LoadFlags) => ending(runLoadCommand(flags, context)));
}

function withArrivalFlags(load: Command): Command {
  return load
    .option('--rate <rate>', 'open loop at a rate, such as 20rps or 90rpm', readRate)
    .option('--stages <stages>', 'open loop: 10rps:30s,20rps:1m, and 10rps..50rps:2m for a ramp', readStages)
    .option('--arrivals <how>', 'poisson, uniform, or the times and lengths of trace.csv', readArrivals, 'poisson')
    .option('--concurrency <count>', 'closed loop: so many at once', readCount)
    .option('--duration <time>', 'how long it is measured (default: 60s without --requests)', readDuration)
    .option('--requests <count>', 'how many requests are measured', readCount)
    .option('--warm-up <time>', 'load before that, which is not measured', readDuration)
    .option('--max-in-flight <count>', 'requests beyond are dropped and counted', readCount, 1000)
    .option('--timeout <time>', 'until an answer must be whole (default: 600s)', readDuration);
}

function withRequestFlags(load: Command): Command {
  return load
    .option('-m, --model <id>', 'the model; several with their weights: -m a=3 -m b', collectModel)
    .option('--prompt-tokens <count>', '500, 100-900 (evenly) or 500,2000 (p50,p95) (default: 256)', readLengthsFlag)
    .option('--answer-tokens <count>', 'max_tokens, in the same forms (default: 128)', readLengthsFlag)
    .option('--input <file>', 'ask the lines of a batch file instead of prompts of our own')
    .option('--prefix-share <part>', 'how much of each prompt all have in common', readShare)
    .option('--stream-share <part>', 'which part of the requests streams (default: all)', readShare)
    .option('--no-stream', 'the same as --stream-share 0')
    .option('--tool-share <part>', 'which part of the requests brings a tool', readShare)
    .option('--seed <number>', 'the same seed makes the same requests at the same times', readSeed, 1);
}

function withOutputFlags(load: Command): Command {
  return load
    .option('--objective <limits>', 'what goodput is: ttft<500ms,tpot<50ms,e2e<10s', readObjectiveFlag)
    .option('--min-goodput <part>', 'end with exit code 1 below it, such as 99%', readShare)
    .option('--progress <kind>', 'auto, json (NDJSON on stderr) or none', readProgressKind, 'auto')
    .option('--json <file>', 'write everything that was measured as JSON')
    .option('--report <file>', 'write a page of HTML with plots');
}

function compareCommand(): Command {
  const compare = new Command('compare')
    .description('Tell how a second load differs from a first, and whether that is more than chance.')
    .argument('<first>', 'a file that --json has written')
    .argument('<second>', 'another one')
    .addOption(
      new Option('--format <kind>', 'a table, or one line of JSON').choices(['table', 'json']).default('table'),
    );
  withExample(compare, 'plumb load compare monday.json tuesday.json');
  return compare.action((first: string, second: string, flags: CompareFlags) =>
    ending(compareLoads(first, second, flags)),
  );
}

async function ending(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw withExitCode(error);
  }
}
