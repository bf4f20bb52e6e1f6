/** What the flags of `plumb load` come to: the plan of the load, and how it is told to people. */
import { readFile } from 'node:fs/promises';
import { readArrivalTrace } from '../../load/arrival-trace.js';
import type { Stage } from '../../load/arrivals.js';
import { describeObjective } from '../../load/objective.js';
import { type LoadPlan, planStages, planTrace } from '../../load/plan.js';
import type { MixOptions } from '../../load/request-mix.js';
import { describeLengths } from '../../load/token-lengths.js';
import { CliError, ExitCode } from '../exit-code.js';
import type { LoadFlags } from './load-run.js';

/** Until an answer must be whole where no flag says otherwise, in ms. */
const TIMEOUT_MS = 600_000;
/** How long a load lasts whose flags name neither a time nor a number, in ms. */
const DURATION_MS = 60_000;

/** Rejects with a CliError when the flags do not go together, or the trace cannot be read. */
export async function planLoad(flags: LoadFlags): Promise<LoadPlan> {
  const { concurrency, arrivals, warmUp: warmUpMs = 0, maxInFlight, requests: requestsMax } = flags;
  requireOneKind(flags);
  if (typeof arrivals === 'object') {
    const entries = await readTrace(arrivals.trace);
    const { duration } = flags;
    return planTrace(entries, { warmUpMs, maxInFlight, requestsMax, ...(duration && { durationMs: duration }) });
  }
  if (concurrency === undefined)
    return planStages(stagesOf(flags), arrivals, flags.seed, { warmUpMs, maxInFlight, requestsMax });
  const durationMs = lastsFor(flags);
  return {
    kind: 'closed',
    concurrency,
    warmUpMs,
    endMs: warmUpMs + durationMs,
    requestsMax: requestsMax ?? Number.POSITIVE_INFINITY,
  };
}

/** Until an answer must be whole, in ms. */
export function timeoutOf({ timeout = TIMEOUT_MS }: LoadFlags): number {
  return timeout;
}

/** The parameters for the report, by name. */
export function describeParameters(flags: LoadFlags, mix: MixOptions, plan: LoadPlan): Record<string, string> {
  const { input, objective, requests } = flags;
  const share = (part: number) => `${Number((part * 100).toFixed(2))} %`;
  return {
    loop: describeLoop(flags, plan),
    ...(Number.isFinite(plan.endMs) ? { duration: inSeconds(plan.endMs - plan.warmUpMs) } : {}),
    ...(requests === undefined ? {} : { requests: String(requests) }),
    'warm-up': inSeconds(plan.warmUpMs),
    ...(plan.kind === 'open' ? { 'most in flight': String(plan.maxInFlight) } : {}),
    models: mix.models.map(({ id, weight }) => (mix.models.length === 1 ? id : `${id} × ${weight}`)).join(', '),
    ...(input === undefined ? { 'prompt tokens': describeLengths(mix.promptTokens) } : { input }),
    ...(mix.answerTokens === undefined ? {} : { 'answer tokens': `at most ${describeLengths(mix.answerTokens)}` }),
    ...(input === undefined ? { 'shared prefix': share(mix.prefixShare) } : {}),
    streamed: share(mix.streamShare),
    'with a tool': share(mix.toolShare),
    timeout: inSeconds(timeoutOf(flags)),
    seed: String(mix.seed),
    ...(objective === undefined ? {} : { objective: describeObjective(objective) }),
  };
}

function requireOneKind(flags: LoadFlags): void {
  const { rate, stages, concurrency, arrivals, duration, requests } = flags;
  const isTrace = typeof arrivals === 'object';
  const kinds = [rate, stages, concurrency, isTrace ? arrivals : undefined].filter((kind) => kind !== undefined);
  if (kinds.length === 0) {
    throw usage('Say how much load: --rate 20rps or --stages 10rps:30s,20rps:60s (open loop), or --concurrency 32.');
  }
  if (kinds.length > 1) {
    throw usage('Only one of --rate, --stages, --concurrency and --arrivals with a trace can be meant.');
  }
  if (rate === 0 || duration === 0) throw usage('A --rate and a --duration must be more than 0.');
  if (stages !== undefined && (duration ?? requests) !== undefined) {
    throw usage('The stages say how long it lasts: leave out --duration and --requests.');
  }
  if (flags.objective?.every(({ metric }) => metric === 'ttft' || metric === 'tpot') && streamsNothing(flags)) {
    throw usage('No request streams, so that an objective on ttft and tpot alone says nothing: add e2e.');
  }
  if (stages?.every(({ fromPerSecond, toPerSecond }) => fromPerSecond + toPerSecond === 0)) {
    throw usage('At least one of the stages must have a rate.');
  }
}

function streamsNothing({ stream, streamShare = 1 }: LoadFlags): boolean {
  return !stream || streamShare === 0;
}

function stagesOf(flags: LoadFlags): readonly Stage[] {
  const { stages, rate = 0 } = flags;
  return stages ?? [{ fromPerSecond: rate, toPerSecond: rate, durationMs: lastsFor(flags) }];
}

/** Where only a number of requests ends it, for ever. */
function lastsFor({ duration, requests }: LoadFlags): number {
  return duration ?? (requests === undefined ? DURATION_MS : Number.POSITIVE_INFINITY);
}

async function readTrace(path: string) {
  const text = await readFile(path, 'utf8');
  try {
    return readArrivalTrace(text);
  } catch (error) {
    throw usage(`The trace in ${path} cannot be used: ${(error as Error).message}`);
  }
}

function describeLoop({ arrivals, stages, rate, concurrency }: LoadFlags, { kind }: LoadPlan): string {
  if (kind === 'closed') return `closed, ${concurrency} at once`;
  if (typeof arrivals === 'object') return `open, arrivals of ${arrivals.trace}`;
  const rates = stages?.map(describeStage).join(', ') ?? `${Number((rate ?? 0).toFixed(3))} requests/s`;
  return `open, ${arrivals} arrivals, ${rates}`;
}

function describeStage({ fromPerSecond, toPerSecond, durationMs }: Stage): string {
  const rate = (perSecond: number) => `${Number(perSecond.toFixed(3))}`;
  const rates = fromPerSecond === toPerSecond ? rate(fromPerSecond) : `${rate(fromPerSecond)} to ${rate(toPerSecond)}`;
  return `${rates} requests/s for ${inSeconds(durationMs)}`;
}

function inSeconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(3))} s`;
}

function usage(message: string): CliError {
  return new CliError(message, ExitCode.usage);
}
