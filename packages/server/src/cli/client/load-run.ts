/** `plumb load`: puts a load on an endpoint, and tells how it took it. */
import { writeFile } from 'node:fs/promises';
import { packageVersion } from '../../assemble/package-version.js';
import type { Stage } from '../../load/arrivals.js';
import { type InputLine, readInputLines } from '../../load/input-lines.js';
import type { Objective } from '../../load/objective.js';
import { systemMeter } from '../../load/own-load.js';
import type { LoadPlan } from '../../load/plan.js';
import { formatShare } from '../../load/report/format.js';
import { renderHtml } from '../../load/report/html-report.js';
import { type LoadReport, toLoadReport } from '../../load/report/load-report.js';
import { nameFailure, renderText } from '../../load/report/text-report.js';
import { type MixOptions, type ModelShare, RequestMix } from '../../load/request-mix.js';
import { LoadRun } from '../../load/run-load.js';
import { HttpSender } from '../../load/sender.js';
import type { TokenLengths } from '../../load/token-lengths.js';
import { CliError, ExitCode } from '../exit-code.js';
import { print } from '../print.js';
import type { ProgressKind } from './batch-flags.js';
import { catchSignals, type SignalTrap } from './batch-signals.js';
import { connect } from './connect.js';
import { type ClientContext, say } from './context.js';
import type { EndpointFlags } from './flags.js';
import { untilInterrupted } from './interrupt.js';
import { listModelIds } from './list-models.js';
import type { ArrivalsFlag } from './load-flags.js';
import { describeParameters, planLoad, timeoutOf } from './load-plan.js';
import { createLoadView } from './load-view.js';
import { resolveEndpoint, type Target } from './resolve-endpoint.js';

export interface LoadFlags extends Omit<EndpointFlags, 'model'> {
  /** Requests a second. */
  readonly rate?: number;
  readonly stages?: readonly Stage[];
  readonly arrivals: ArrivalsFlag;
  readonly concurrency?: number;
  /** Times are in ms. */
  readonly duration?: number;
  readonly requests?: number;
  readonly warmUp?: number;
  readonly maxInFlight: number;
  readonly timeout?: number;
  readonly model?: readonly ModelShare[];
  readonly promptTokens?: TokenLengths;
  readonly answerTokens?: TokenLengths;
  readonly input?: string;
  readonly prefixShare?: number;
  readonly streamShare?: number;
  /** False for `--no-stream`. */
  readonly stream: boolean;
  readonly toolShare?: number;
  readonly seed: number;
  readonly objective?: Objective;
  readonly minGoodput?: number;
  readonly progress: ProgressKind;
  readonly json?: string;
  readonly report?: string;
}

/** Rejects with a CliError whose exit code says how it ended, unless there is something measured and it is good enough. */
export async function runLoadCommand(flags: LoadFlags, context: ClientContext): Promise<void> {
  const plan = await planLoad(flags);
  const { model: models, ...endpointFlags } = flags;
  const target = await resolveEndpoint(endpointFlags, context);
  const lines = flags.input === undefined ? undefined : await readLines(flags.input);
  const mix = mixOf(flags, models ?? [await findModel(target, lines, context)], lines);
  for (const path of [flags.json, flags.report]) if (path !== undefined) await requireWritable(path);
  const parameters = describeParameters(flags, mix, plan);
  if (flags.progress !== 'json') say(context, `Load on ${target.baseUrl}: ${parameters.loop}; ${parameters.models}.`);
  const result = await runShown(flags, { plan, mix, target }, context);
  const report = toLoadReport(result, {
    program: `plumb ${packageVersion()}`,
    node: process.version,
    baseUrl: target.baseUrl,
    parameters,
    warmUpMs: plan.warmUpMs,
  });
  await finish(report, flags, context);
}

const PROMPT_TOKENS: TokenLengths = { kind: 'fixed', tokens: 256 };
const ANSWER_TOKENS: TokenLengths = { kind: 'fixed', tokens: 128 };

function mixOf(flags: LoadFlags, models: readonly ModelShare[], lines: readonly InputLine[] | undefined): MixOptions {
  const { seed, promptTokens = PROMPT_TOKENS, prefixShare = 0, toolShare = 0 } = flags;
  // Lines of a file say themselves how long their answers may be.
  const answerTokens = flags.answerTokens ?? (lines === undefined ? ANSWER_TOKENS : undefined);
  const streamShare = flags.stream ? (flags.streamShare ?? 1) : 0;
  return { seed, models, promptTokens, answerTokens, prefixShare, streamShare, toolShare, lines };
}

async function runShown(
  flags: LoadFlags,
  { plan, mix, target }: { plan: LoadPlan; mix: MixOptions; target: Target },
  context: ClientContext,
) {
  const { clock, stderr: stream } = context;
  const { objective = [] } = flags;
  const timeoutMs = timeoutOf(flags);
  const headers = { authorization: `Bearer ${target.key.key}`, 'user-agent': `plumb/${packageVersion()}` };
  const connections = plan.kind === 'closed' ? plan.concurrency : plan.maxInFlight;
  const sender = new HttpSender({ baseUrl: target.baseUrl, headers, connections, timeoutMs, clock });
  const view = createLoadView({ stream, clock, kind: flags.progress }, plan);
  const trap: SignalTrap = catchSignals();
  const run = new LoadRun({ plan, mix: new RequestMix(mix), sender, objective, clock, meter: systemMeter });
  trap.onStop(() => {
    run.stop();
    view.remark(`Stopping: ${run.progress().inFlight} requests are in flight (Ctrl-C again gives them up).`);
  });
  trap.aborted.addEventListener('abort', () => run.giveUp());
  view.start(() => run.progress());
  try {
    return await run.result;
  } finally {
    view.end();
    await sender.close();
  }
}

async function finish(report: LoadReport, flags: LoadFlags, context: ClientContext): Promise<void> {
  // What endpoints say about errors may repeat the key.
  const text = context.redactor.redact(JSON.stringify(report, undefined, 2));
  const clean = JSON.parse(text) as LoadReport;
  if (flags.json !== undefined) await writeFile(flags.json, `${text}\n`);
  if (flags.report !== undefined) await writeFile(flags.report, renderHtml(clean));
  print(renderText(clean));
  for (const warning of clean.warnings) say(context, `Note: ${warning}`);
  const { requests, failures, end } = clean;
  if (end === 'stopped') throw new CliError('Stopped; the above is what was measured.', ExitCode.interrupted);
  const [first] = failures;
  if (requests.answered === 0 && first !== undefined) {
    throw new CliError(`No request was answered. ${nameFailure(first)}: ${first.reason}`, codeOf(first.status));
  }
  const { minGoodput = 0 } = flags;
  if ((requests.goodput_share ?? 0) < minGoodput) {
    const share = formatShare(requests.goodput_share);
    throw new CliError(`Goodput is ${share}, and less than ${formatShare(minGoodput)}.`, ExitCode.failed);
  }
}

function codeOf(status: number | null): number {
  if (status === 401 || status === 403) return ExitCode.authentication;
  if (status === 402) return ExitCode.balance;
  if (status === 429) return ExitCode.rateLimited;
  return status !== null && status < 500 ? ExitCode.failed : ExitCode.server;
}

async function readLines(path: string): Promise<InputLine[]> {
  return readInputLines(path).catch((error: unknown) => {
    throw new CliError((error as Error).message, ExitCode.usage);
  });
}

/** What nothing names is asked for, unless every line of the input names its own. */
async function findModel(
  target: Target,
  lines: readonly InputLine[] | undefined,
  context: ClientContext,
): Promise<ModelShare> {
  if (target.model !== undefined) return { id: target.model, weight: 1 };
  if (lines?.every(({ body }) => typeof body.model === 'string')) return { id: 'those of the lines', weight: 1 };
  const endpoint = connect(target, context);
  const [first] = await untilInterrupted((signal) => listModelIds(endpoint, context.clock, signal));
  if (first !== undefined) return { id: first, weight: 1 };
  throw new CliError(`${target.baseUrl} lists no models: name one with --model.`, ExitCode.usage);
}

/** An hour of load must not end with a folder that is not there. */
async function requireWritable(path: string): Promise<void> {
  await writeFile(path, '', { flag: 'a' });
}
