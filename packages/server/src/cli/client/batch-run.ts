/** `plumb batch run` and `plumb batch retry`: checks, asks what is left, and says how to go on. */
import { writeFile } from 'node:fs/promises';
import {
  type BatchCheck,
  type BatchOptions,
  type BatchRun,
  type BatchSummary,
  checkBatch,
  KitError,
  type PriceTable,
  requireNoProblems,
  runBatch,
} from '@plumb/client';
import { type FileJournal, type FileSource, openFileJournal, readBatchFile } from '@plumb/client/node';
import { packageVersion } from '../../assemble/package-version.js';
import type { Money } from '../../ledger/money.js';
import { CliError, ExitCode } from '../exit-code.js';
import { print, printJson } from '../print.js';
import { type BatchConnection, connectBatch } from './batch-connect.js';
import type { ProgressKind } from './batch-flags.js';
import { renderForecast } from './batch-forecast.js';
import { catchSignals, type SignalTrap } from './batch-signals.js';
import { endCode, renderSummary, toReport } from './batch-summary.js';
import { createBatchView } from './batch-view.js';
import { type ClientContext, say } from './context.js';
import { findPrices } from './find-prices.js';
import type { EndpointFlags } from './flags.js';
import { findModel, type InputFlags, lineOptionsOf } from './input-flags.js';
import { resolveBaseUrl, resolveEndpoint } from './resolve-endpoint.js';
import { resumeCommand } from './resume-command.js';

export interface RunFlags extends EndpointFlags, InputFlags {
  readonly output: string;
  readonly dryRun?: true;
  readonly onChange: 'stop' | 'rerun';
  readonly retryErrors?: true | readonly number[];
  readonly limit?: number;
  readonly maxCost?: Money;
  readonly maxErrors?: number | { readonly part: number };
  readonly concurrency?: number;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly prices?: string;
  readonly progress: ProgressKind;
  readonly report?: string;
  readonly json?: true;
}

export interface RunContext {
  readonly context: ClientContext;
  /** What was typed behind the name of the program. */
  readonly args: readonly string[];
  readonly onlyFailed: boolean;
}

/** Rejects with a CliError whose exit code says how it ended, unless every line has its answer. */
export async function runBatchCommand(input: string, flags: RunFlags, around: RunContext): Promise<void> {
  if (input === '-') throw new CliError('A batch is read twice, so it must be a file: save it first.', ExitCode.usage);
  if (flags.dryRun) return forecast(input, flags, around.context);
  const target = await resolveEndpoint(flags, around.context);
  const prices = await findPrices(flags.prices, target.baseUrl);
  if (flags.maxCost !== undefined && prices === undefined) {
    throw new CliError('--max-cost needs prices, and none are known for this endpoint: give --prices.', ExitCode.usage);
  }
  const source = readBatchFile(input, flags.lineBytesMax);
  const lineOptions = lineOptionsOf(flags, target.model);
  const check = await checkBatch(source, lineOptions);
  requireNoProblems(check);
  const journal = await openFileJournal(flags.output);
  const connection = connectBatch(target, limitsOf(flags));
  const trap = catchSignals();
  await describeStart(journal, input, source, check, flags).catch(async (error: unknown) => {
    await journal.close();
    throw error;
  });
  const options = {
    ...lineOptions,
    ...runOptions(flags, around),
    lines: source,
    check,
    journal,
    prices,
    ...connection,
  };
  const summary = await runShown({ ...options, signal: trap.aborted }, flags, around, trap);
  await finish(summary, { input, flags, around, journal, connection, prices });
}

function runOptions(flags: RunFlags, { onlyFailed, context }: RunContext) {
  const { limit, maxCost, maxErrors, concurrency, retryErrors, onChange } = flags;
  return { limit, maxCost, maxErrors, concurrency, retryErrors, onChange, onlyFailed, clock: context.clock };
}

function limitsOf({ requestsPerMinute, tokensPerMinute, concurrency }: RunFlags) {
  return {
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(tokensPerMinute === undefined ? {} : { tokensPerMinute }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

/** Runs it with the live view and with what Ctrl-C does. */
async function runShown(
  options: BatchOptions,
  flags: RunFlags,
  around: RunContext,
  trap: SignalTrap,
): Promise<BatchSummary> {
  const { context } = around;
  const run: BatchRun = runBatch(options);
  const currency = options.prices?.currency;
  const view = createBatchView({ stream: context.stderr, clock: context.clock, kind: flags.progress, currency });
  trap.onStop(() => {
    run.stop();
    view.remark(
      `Stopping: ${run.progress().inFlight} requests that are under way may finish (Ctrl-C again gives them up).`,
    );
  });
  view.start(() => run.progress());
  try {
    return await run;
  } catch (error) {
    if (KitError.is(error)) throw error;
    if (!trap.aborted.aborted)
      throw new CliError(`${(error as Error).message} Go on with:\n  ${goOn(around)}`, ExitCode.failed);
    throw new CliError(`Given up; what was answered is kept. Go on with:\n  ${goOn(around)}`, ExitCode.interrupted);
  } finally {
    view.end();
  }
}

interface Ended {
  readonly input: string;
  readonly flags: RunFlags;
  readonly around: RunContext;
  readonly journal: FileJournal;
  readonly connection: BatchConnection;
  readonly prices: PriceTable | undefined;
}

async function finish(
  summary: BatchSummary,
  { input, flags, around, journal, connection, prices }: Ended,
): Promise<void> {
  const report = toReport(summary, { input, output: flags.output, currency: prices?.currency });
  const limits = (connection.limiter?.snapshot()?.axes ?? []).flatMap(({ axis, limit }) =>
    limit === undefined || !Number.isFinite(limit) ? [] : [[axis, limit] as const],
  );
  const updatedAt = new Date(around.context.clock.now()).toISOString();
  await journal.describe({ totals: report, limits: Object.fromEntries(limits), updated_at: updatedAt });
  if (flags.report !== undefined) await writeFile(flags.report, `${JSON.stringify(report, null, 2)}\n`);
  if (flags.json) printJson(report);
  if (flags.progress !== 'json')
    say(around.context, renderSummary(summary, { paths: journal.paths, currency: prices?.currency }));
  const code = endCode(summary);
  if (code === ExitCode.ok) return;
  throw new CliError(describeEnd(summary, journal, around), code);
}

function describeEnd(
  { stopped, failed, pending = 0 }: BatchSummary,
  { paths }: FileJournal,
  around: RunContext,
): string {
  if (stopped === undefined)
    return `${failed} lines failed; see ${paths.errors}. Ask them again with:\n  ${goOn(around)}`;
  return `Stopped with ${pending} lines left: ${stopped.message} Go on with:\n  ${goOn(around)}`;
}

function goOn({ args, context }: RunContext): string {
  return resumeCommand(args, context.environment);
}

/** What the results are results of stands in the manifest before the first request is sent. */
async function describeStart(
  journal: FileJournal,
  input: string,
  { sha256 = '' }: FileSource,
  { lines }: BatchCheck,
  flags: RunFlags,
): Promise<void> {
  const { baseUrl, model, shorthand } = flags;
  await journal.describe({
    program: `plumb ${packageVersion()}`,
    input: { path: input, sha256, lines },
    options: { base_url: baseUrl, model, shorthand },
  });
}

async function forecast(input: string, flags: RunFlags, context: ClientContext): Promise<void> {
  const baseUrl = await resolveBaseUrl(flags, context);
  const prices = await findPrices(flags.prices, baseUrl);
  const model = await findModel(flags, context);
  const check = await checkBatch(readBatchFile(input, flags.lineBytesMax), lineOptionsOf(flags, model));
  requireNoProblems(check);
  const lines = renderForecast(check, { prices, limits: limitsOf(flags), now: context.clock.now() });
  if (flags.json) printJson(lines.json);
  else print(lines.text);
}
