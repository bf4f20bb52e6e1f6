/** Times a step: many calls a batch, several batches, the median of them and how far they lie apart. */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { quantile } from '../support/statistics.js';

/** One step of the way of a request, alone. */
export interface Step {
  readonly name: string;
  /** Does it once; what it returns is thrown away, and waited for if it is a promise. */
  run(): unknown;
  /** How many operations a run is; the figures are for one of them. Default 1. */
  readonly operations?: number;
}

/** What a step costs, in µs an operation. */
export interface StepCost {
  readonly name: string;
  readonly medianUs: number;
  /** A quarter of the batches were faster, a quarter slower. */
  readonly quartilesUs: readonly [number, number];
  /** How long the event loop was busy for it; differs where others do the work, such as a disk. Undefined where nothing waits. */
  readonly busyUs: number | undefined;
  readonly batches: number;
  readonly runsPerBatch: number;
}

/** How long a batch is at the least, in ms: far above what a clock tells apart, far below what a machine stays quiet for. */
const BATCH_MS = 10;
const BATCHES = 21;
/** For how long the compiler may look at a step first, in ms. */
const WARM_UP_MS = 150;

/** Measures a step. Rejects with what it throws. */
export async function measureStep(step: Step): Promise<StepCost> {
  const isAsync = step.run() instanceof Promise;
  const time = isAsync ? timeAsync : timeSync;
  let runs = 1;
  for (let spentMs = 0; spentMs < WARM_UP_MS; ) {
    const { wallMs } = await time(step, runs);
    spentMs += wallMs;
    if (wallMs < BATCH_MS) runs = Math.ceil(runs * Math.min(10, (1.2 * BATCH_MS) / Math.max(wallMs, 0.01)));
  }
  collectGarbage();
  const batches = [];
  for (let batch = 0; batch < BATCHES; batch++) batches.push(await time(step, runs));
  const perOperation = (ms: number) => (ms * 1000) / runs / (step.operations ?? 1);
  const walls = batches.map(({ wallMs }) => perOperation(wallMs));
  const busy = batches.map(({ busyMs }) => perOperation(busyMs ?? 0));
  return {
    name: step.name,
    medianUs: quantile(walls, 0.5),
    quartilesUs: [quantile(walls, 0.25), quantile(walls, 0.75)],
    busyUs: isAsync ? quantile(busy, 0.5) : undefined,
    batches: BATCHES,
    runsPerBatch: runs,
  };
}

interface Batch {
  readonly wallMs: number;
  readonly busyMs?: number;
}

async function timeSync(step: Step, runs: number): Promise<Batch> {
  let last: unknown;
  const start = performance.now();
  for (let run = 0; run < runs; run++) last = step.run();
  const wallMs = performance.now() - start;
  keep(last);
  return { wallMs };
}

async function timeAsync(step: Step, runs: number): Promise<Batch> {
  const before = performance.eventLoopUtilization();
  const start = performance.now();
  for (let run = 0; run < runs; run++) await step.run();
  const wallMs = performance.now() - start;
  return { wallMs, busyMs: performance.eventLoopUtilization(before).active };
}

/** A result that nobody looked at could be left out by the compiler, and the work for it. */
function keep(value: unknown): void {
  if (value === keep) throw new Error('A step returned what no step returns.');
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
