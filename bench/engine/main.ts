/**
 * The engine benchmark: Plumb's server, its engine process alone and llama-server, with the same model, threads, slots
 * and requests. Every cell of the table runs in fresh processes; contenders take turns at every width, in the opposite
 * order every other round, so that what the machine does besides falls on all of them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitForQuiet } from '../support/process-usage.js';
import { repositoryPath } from '../support/repository.js';
import type { Contender } from './contenders/contender.js';
import { engineAlone } from './contenders/engine-alone.js';
import { createLlamaServer } from './contenders/llama-server.js';
import { PREFILL_TOKENS, plumb } from './contenders/plumb.js';
import { findLlamaServer } from './find-llama-server.js';
import { describeMachine, type Machine } from './machine.js';
import { type Measurement, measureCell } from './measure.js';
import { type ContenderName, type Options, readOptions, USAGE } from './options.js';
import { formatSummary } from './report.js';
import { summarize } from './summary.js';
import { CONTEXT_TOKENS, MAX_ANSWER_TOKENS } from './workload.js';

/** What the reader of the figures must know. */
const NOTES = [
  'The load client and the contender share the processors; nothing is pinned.',
  'Left out: start, loading the model, warm-up, and noisy rounds wherever there is a clean one.',
  'No prompt repeats another, and each has its own user_id: no prefix cache takes part.',
  'Sampled: temperature 0.8, top_p 0.95, no top-k, no min-p. llama-server is given the chain top_p, temperature, which is what node-llama-cpp builds; greedy is its top_k 1.',
  'decode: all streams together while every one generates. total: answer tokens over the whole time, prompts included.',
  'A gap is the time between two events of one stream as the client reads them.',
];

await main();

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(USAGE);
    return;
  }
  // Leaves by `exit`, on which whatever was started is killed.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const llamaServerPath = options.contenders.includes('llama-server') ? await findLlamaServer() : undefined;
  const contenders = options.contenders.map((name) => createContender(name, llamaServerPath));
  const machine = await describeMachine(options.modelPath, llamaServerPath);
  const measurements = await measureAll(options, contenders);
  const summary = summarize(measurements, options.noise);
  const path = await writeResults(options, {
    machine,
    settings: describeSettings(options),
    notes: NOTES,
    summary,
    measurements,
  });
  process.stdout.write(`${describeRun(options, machine)}\n\n${formatSummary(summary)}\n\n${NOTES.join('\n')}\n`);
  process.stderr.write(`Written to ${path}\n`);
}

function createContender(name: ContenderName, llamaServerPath: string | undefined): Contender {
  if (name === 'plumb') return plumb;
  if (name === 'engine-alone') return engineAlone;
  if (llamaServerPath === undefined) throw new Error('llama-server takes part and was not found.');
  return createLlamaServer(llamaServerPath);
}

async function measureAll(options: Options, contenders: readonly Contender[]): Promise<Measurement[]> {
  const { cases, modelPath, threads } = options;
  const measurements: Measurement[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const order = round % 2 === 1 ? contenders : contenders.toReversed();
    for (const width of options.widths) {
      for (const contender of order) {
        await waitForQuiet(options.noise, options.patience * 1000);
        const cell = { round, width, contender, cases, durationMs: options.seconds * 1000, modelPath, threads };
        const measured = await measureCell(cell);
        measurements.push(...measured);
        for (const measurement of measured) process.stderr.write(`${describeProgress(measurement)}\n`);
      }
    }
  }
  return measurements;
}

function describeProgress({ round, width, contender, case: name, figures, foreignLoad }: Measurement): string {
  const decode = Number.isNaN(figures.decodeRate) ? '' : `decode ${figures.decodeRate.toFixed(1)}, `;
  const rates = `${decode}total ${figures.totalRate.toFixed(1)} tok/s`;
  const times = `first token ${figures.firstTokenMean.toFixed(0)} ms, gap ${figures.gapMedian.toFixed(1)} ms`;
  return `round ${round}, ${width} streams, ${contender}, ${name}: ${rates}, ${times}, foreign load ${foreignLoad.toFixed(2)}`;
}

function describeRun(
  { threads, rounds, seconds }: Options,
  { processor, processors, model, ...versions }: Machine,
): string {
  return [
    `${processors} × ${processor}, ${threads} threads, ${model.name} (${model.bytes} bytes)`,
    `Node ${versions.node}, node-llama-cpp ${versions.nodeLlamaCpp}, llama.cpp ${versions.llamaCpp}, llama-server ${versions.llamaServer ?? 'not run'}`,
    `${rounds} rounds of ${seconds} s a measurement`,
  ].join('\n');
}

function describeSettings({
  cases,
  widths,
  contenders,
  threads,
  rounds,
  seconds,
  noise,
}: Options): Record<string, unknown> {
  return {
    ...{ cases, widths, contenders, threads, rounds, seconds, noise },
    ...{ maxAnswerTokens: MAX_ANSWER_TOKENS, contextTokens: CONTEXT_TOKENS, prefillTokens: PREFILL_TOKENS },
    llamaServer: '-b 2048 -ub 512 --no-cache-prompt --cache-ram 0, and -np, -c, -t as the others',
  };
}

async function writeResults({ date }: Options, results: object): Promise<string> {
  const folder = repositoryPath('bench/results');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `engine-${date}.json`);
  await writeFile(path, `${JSON.stringify({ date, ...results }, undefined, 2)}\n`);
  return path;
}
