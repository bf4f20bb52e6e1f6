/** One cell of the table: one contender at one width, in fresh processes, through all cases. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readMachineMs, readProcessMs } from '../support/process-usage.js';
import { LoadClient } from './client/load-client.js';
import type { LoadJob, Window } from './client/protocol.js';
import type { Contender, RunningContender } from './contenders/contender.js';
import { computeFigures, type Figures } from './figures.js';
import { describeCase, type LoadCase } from './workload.js';

/** Waves before anything is measured go on for this long: caches fill, and V8 compiles what is hot. */
const WARM_UP_MS = 3_000;
/** Between two loads, so that what the last one left to tidy up is done. */
const PAUSE_MS = 300;
/** Request numbers that each load has for itself, so that no prompt comes twice. */
const NUMBERS_PER_LOAD = 10_000;

/** Which cell, and how long. */
export interface Cell {
  round: number;
  width: number;
  contender: Contender;
  cases: readonly LoadCase[];
  /** Length of each measurement, in ms; a burst ends its last wave. */
  durationMs: number;
  modelPath: string;
  threads: number;
}

/** CPU time by part, in ms: the HTTP server where it is a process of its own, the engine, the load client. */
export type CpuUsage = Partial<Record<'server' | 'engine' | 'client', number>>;

/** One load on one contender. */
export interface Measurement {
  round: number;
  width: number;
  contender: string;
  case: string;
  figures: Figures;
  cpuMs: CpuUsage;
  /** How long the measured time was, in ms. */
  lengthMs: number;
  /** Processors that were busy with something else, on average: 0.1 is a tenth of one. */
  foreignLoad: number;
}

/** Measures one cell. Throws when the contender does not start or fails a request. */
export async function measureCell(cell: Cell): Promise<Measurement[]> {
  const { contender, width, threads, modelPath } = cell;
  const folder = await mkdtemp(join(tmpdir(), 'bench-engine-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  try {
    const running = await contender.start({ modelPath, width, threads, folder });
    try {
      return await loadContender(cell, running);
    } finally {
      await running.stop();
    }
  } finally {
    process.off('exit', removeFolder);
    removeFolder();
  }
}

async function loadContender(cell: Cell, running: RunningContender): Promise<Measurement[]> {
  const client = await LoadClient.open(running.target);
  try {
    const usage = new UsageMeter(running, client);
    const measurements: Measurement[] = [];
    await runCase(cell, cell.cases[0]!, 0, client, usage, 'burst', WARM_UP_MS);
    for (const [index, loadCase] of cell.cases.entries()) {
      await delay(PAUSE_MS);
      const windows = await runCase(cell, loadCase, index + 1, client, usage, loadCase.shape, cell.durationMs);
      measurements.push(describeMeasurement(cell, loadCase, windows, usage));
    }
    return measurements;
  } finally {
    await client.close();
  }
}

function runCase(
  { round, width, contender }: Cell,
  { sampling }: LoadCase,
  index: number,
  client: LoadClient,
  usage: UsageMeter,
  shape: LoadJob['shape'],
  durationMs: number,
): Promise<Window[]> {
  const body = { ...describeCase(sampling), ...contender.adaptBody(sampling) };
  const firstRequest = (round * 10 + index) * NUMBERS_PER_LOAD;
  return client.run({ shape, width, durationMs, body, firstRequest }, () => usage.mark());
}

function describeMeasurement(cell: Cell, { name, shape }: LoadCase, windows: Window[], usage: UsageMeter): Measurement {
  return {
    round: cell.round,
    width: cell.width,
    contender: cell.contender.name,
    case: name,
    figures: computeFigures(shape, windows),
    ...usage.read(),
  };
}

interface Sample {
  atMs: number;
  machineMs: number;
  benchMs: number;
  processesMs: number[];
}

/** What the processors did between the last two marks. */
class UsageMeter {
  readonly #processes: { role: keyof CpuUsage; processId: number }[];
  #previous: Sample;
  #last: Sample;

  constructor(running: RunningContender, client: LoadClient) {
    const started = client.engineProcessId;
    this.#processes = [
      ...running.processes,
      ...(started === undefined ? [] : [{ role: 'engine' as const, processId: started }]),
      { role: 'client', processId: client.processId },
    ];
    this.#previous = this.#last = this.#sample();
  }

  mark(): void {
    this.#previous = this.#last;
    this.#last = this.#sample();
  }

  read(): Pick<Measurement, 'cpuMs' | 'lengthMs' | 'foreignLoad'> {
    const lengthMs = this.#last.atMs - this.#previous.atMs;
    const cpuMs: CpuUsage = {};
    let ownMs = this.#last.benchMs - this.#previous.benchMs;
    for (const [index, { role }] of this.#processes.entries()) {
      const usedMs = this.#last.processesMs[index]! - this.#previous.processesMs[index]!;
      cpuMs[role] = (cpuMs[role] ?? 0) + usedMs;
      ownMs += usedMs;
    }
    const foreignMs = this.#last.machineMs - this.#previous.machineMs - ownMs;
    return { cpuMs, lengthMs, foreignLoad: Math.max(0, foreignMs / lengthMs) };
  }

  #sample(): Sample {
    return {
      atMs: performance.now(),
      machineMs: readMachineMs(),
      benchMs: readProcessMs(process.pid),
      processesMs: this.#processes.map(({ processId }) => readProcessMs(processId)),
    };
  }
}
