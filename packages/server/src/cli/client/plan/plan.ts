/** `plumb plan`: what limits mean for the requests of a file, before the first one is sent. */
import { type PriceSettings, PriceTable } from '@plumb/client';
import { fromQuantiles, plan, type Target } from '@plumb/client/plan';
import { Command } from 'commander';
import { colorsFor } from '../../colors.js';
import { CliError, ExitCode } from '../../exit-code.js';
import { withExample } from '../../help.js';
import { print, printJson } from '../../print.js';
import type { ClientContext } from '../context.js';
import { withExitCode } from '../failure.js';
import { findPrices } from '../find-prices.js';
import { type EndpointFlags, readCount, withEndpointFlags } from '../flags.js';
import { type InputFlags, withInputFlags } from '../input-flags.js';
import { untilInterrupted } from '../interrupt.js';
import { resolveBaseUrl } from '../resolve-endpoint.js';
import { findAnswers } from './answers.js';
import { type Quantiles, readQuantiles, readSample, readTarget } from './flags.js';
import { findLimits, type LimitFlags } from './limits.js';
import { measure } from './measure.js';
import { describePlan } from './plan-json.js';
import { renderPlan } from './plan-text.js';
import { type PlannedRequests, readRequests, requestsFromFlags } from './requests.js';
import { screenOf } from './screen.js';

export interface PlanFlags extends EndpointFlags, InputFlags, LimitFlags {
  readonly requests?: number;
  readonly promptTokens?: Quantiles;
  readonly answerTokens?: Quantiles;
  /** In seconds. */
  readonly latency?: Quantiles;
  readonly sample: number;
  readonly measure?: number;
  readonly like?: string;
  readonly concurrency?: number;
  readonly target?: Target;
  readonly prices?: string;
  readonly json?: true;
}

export function planCommand(context: ClientContext): Command {
  const command = new Command('plan')
    .summary('Tell how long requests will take, what limits them, and what they cost.')
    .description(
      'Tell how long the requests of a file will take within limits, which limit binds, what they cost, and which ' +
        'limits a target needs. Nothing is sent, except with --measure and --probe.',
    )
    .argument('[input]', 'JSONL with requests, as for plumb batch run');
  withRequestFlags(command);
  withLimitFlags(command);
  command
    .option('--concurrency <count>', 'requests that you keep open at most', readCount)
    .option('--target <rate>', 'what is wanted: 20rps, 1200rpm, or to be done in 90m, 8h', readTarget)
    .option('--prices <file>', 'JSON with prices, in the form of `models` and `billing.peak` of a server')
    .option('--json', 'print the plan as one line of JSON');
  withExample(
    withEndpointFlags(command),
    'plumb plan in.jsonl --tier free --target 20rps',
    'plumb plan in.jsonl --measure 20 --probe',
    'plumb plan --requests 10000 --prompt-tokens 300,900 --answer-tokens 150,400 \\\n      --requests-per-minute 500 --target 8h',
  );
  return command.action((input: string | undefined, flags: PlanFlags) =>
    untilInterrupted((signal) => runPlan(input, flags, context, signal)).catch((error: unknown) => {
      throw withExitCode(error);
    }),
  );
}

function withRequestFlags(command: Command): void {
  withInputFlags(command)
    .option('--requests <count>', 'plan so many requests without a file', readCount)
    .option('--prompt-tokens <p50,p95>', 'tokens of a prompt: the median, and what 95 % stay below', readQuantiles)
    .option('--answer-tokens <p50,p95>', 'tokens of an answer (default: max_tokens of each)', readQuantiles)
    .option('--latency <p50,p95>', 'seconds that an answer takes (default: 1, and 0.02 a token)', readQuantiles)
    .option('--sample <lines>', 'lines whose tokens are counted exactly; 0 for none', readSample, 200)
    .option('--measure <count>', 'send so many of the requests, which costs, to see how long answers are', readCount)
    .option('--like <file>', 'results of an earlier batch, to see how long answers are');
}

function withLimitFlags(command: Command): void {
  command
    .option('--tier <name>', "a tier of a server's configuration")
    .option('--config <file>', 'that configuration (default: plumb.yaml in the data folder)')
    .option('--data-dir <dir>', 'that data folder (default: .plumb)')
    .option('--requests-per-minute <count>', 'the limit of the endpoint', readCount)
    .option('--tokens-per-minute <count>', 'the limit of the endpoint', readCount)
    .option('--concurrency-limit <count>', 'requests that the endpoint runs at once', readCount)
    .option('--probe', 'send one small request to learn the limits from its headers');
}

async function runPlan(
  input: string | undefined,
  flags: PlanFlags,
  context: ClientContext,
  signal: AbortSignal,
): Promise<void> {
  const requests = await readInput(input, flags, context);
  const measured =
    flags.measure === undefined ? undefined : await measure(requests, flags.measure, flags, context, signal);
  const answers = await findAnswers(requests, flags, measured);
  const found = await findLimits(requests, flags, { context, measured, signal });
  const prices = await pricesOf(flags, context, found.prices);
  const planned = plan({
    requests: requests.count,
    tokens: { prompt: requests.prompt, answer: answers.tokens, answerMax: requests.answerMax },
    latency: answers.latency,
    limits: found.limits,
    concurrency: flags.concurrency,
    target: flags.target,
    tiers: found.tiers,
    cost: prices && { prices, models: requests.models, at: context.clock.now(), cachedShare: answers.cachedShare },
  });
  const origins = { input, requests, answers, limits: found.origin };
  if (flags.json) return printJson(describePlan(planned, origins));
  const screen = screenOf(context.stdout, context.environment);
  print(renderPlan(planned, origins, screen, colorsFor(context.stdout, context.environment)));
}

async function readInput(
  input: string | undefined,
  flags: PlanFlags,
  context: ClientContext,
): Promise<PlannedRequests> {
  if (input === '-') throw new CliError('The input must be a file: save it first.', ExitCode.usage);
  if (input !== undefined && flags.requests === undefined) return readRequests(input, flags, context);
  if (input !== undefined) throw new CliError('Give a file or --requests, not both.', ExitCode.usage);
  const { requests, promptTokens, answerTokens, measure: measured } = flags;
  if (requests === undefined || promptTokens === undefined || answerTokens === undefined)
    throw new CliError(
      'Give a file, or what to plan without one: --requests, --prompt-tokens and --answer-tokens.',
      ExitCode.usage,
    );
  if (measured !== undefined) throw new CliError('--measure needs a file with requests to send.', ExitCode.usage);
  return requestsFromFlags(requests, fromQuantiles(...promptTokens), flags.model);
}

/** --prices, else those of the configuration that the tier is from, else the ones that are built in. */
async function pricesOf(
  flags: PlanFlags,
  context: ClientContext,
  configured: PriceSettings | undefined,
): Promise<PriceTable | undefined> {
  if (flags.prices === undefined && configured !== undefined) return new PriceTable(configured);
  return findPrices(flags.prices, await resolveBaseUrl(flags, context));
}
