/** The folder of models: finds the GGUF that a model source stands for, fetching it once where that is needed. */
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { defaultModel, type ModelRecipe } from './default-model.js';
import { fetchModelFile } from './fetch-model.js';
import { checkGguf } from './gguf.js';
import { exists, hashFile } from './hash-file.js';
import { withLock } from './lock.js';
import { isLocalTrouble, ModelError, type ModelErrorCode, withFileErrors } from './model-error.js';
import {
  findGgufFiles,
  folderName,
  readEntry,
  readModelFolder,
  readModelFolders,
  type StoredModel,
  writeModelFolder,
} from './model-folder.js';
import { describeSource, type PathSource, parseModelSource } from './source.js';
import { type Clock, DEFAULT_PACE, notify, type Pace, type ProgressHandler, type TransferContext } from './transfer.js';

/** A model that can be loaded. */
export interface ResolvedModel {
  /** The absolute path of the GGUF. */
  readonly path: string;
  /** For people: the name of the file without `.gguf`. */
  readonly name: string;
  readonly bytes: number;
  /** In lower-case hex; undefined for a file that is used where it is, which is not read for this. */
  readonly sha256?: string | undefined;
  /** Where it came from, as a model source. */
  readonly source: string;
}

export interface EnsureModelOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressHandler | undefined;
  /** PLUMB_MODELS_DIR, XDG_CACHE_HOME, HOME, HF_ENDPOINT and HF_TOKEN count. Default: that of the process. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** What a relative path is relative to. Default: the working directory. */
  readonly baseFolder?: string | undefined;
  /** Allows http:// for hosts other than this machine. Default false. */
  readonly allowPlainHttp?: boolean | undefined;
  /** How long to wait for others. Default: DEFAULT_PACE. */
  readonly pace?: Pace | undefined;
}

/** How often a model's only source is asked again when it gives no answer at all. */
const UNREACHABLE_RETRIES = 1;
/** The lock file in the folder of a model. */
const LOCK_FILE = 'lock';

/**
 * Resolves with the model that `source` names (see `parseModelSource`), or the default model without one. A path is used
 * where it is. Anything else is fetched into the folder of models, unless it is there, checked and unchanged: then
 * neither the network nor the file is read. Several processes may ask for the same model at once; one fetches it.
 *
 * Throws a ModelError with what was tried and what can be done, or the reason of the signal.
 */
export async function ensureModel(source: string | undefined, options: EnsureModelOptions): Promise<ResolvedModel> {
  const wanted = readSource(source, options);
  if ('path' in wanted) return await useLocalFile(wanted.path);
  return await ensureRecipe(wanted, options);
}

/** Resolves with the model that `ensureModel` would give without fetching anything, undefined where it would fetch. */
export async function findModel(
  source: string | undefined,
  options: Pick<EnsureModelOptions, 'environment' | 'baseFolder' | 'allowPlainHttp'> = {},
): Promise<ResolvedModel | undefined> {
  const wanted = readSource(source, options);
  if ('path' in wanted) return (await exists(wanted.path)) ? await useLocalFile(wanted.path) : undefined;
  const root = modelsFolder(options.environment ?? process.env);
  const found = await withFileErrors(root, () => findInStore(wanted, root));
  return found === undefined ? undefined : toResolved(found);
}

/** Resolves with the model of a recipe, fetched from the first of its sources that works; else as `ensureModel`. */
export async function ensureRecipe(recipe: ModelRecipe, options: EnsureModelOptions): Promise<ResolvedModel> {
  const root = modelsFolder(options.environment ?? process.env);
  return await withFileErrors(root, async () => {
    const found = await findInStore(recipe, root);
    return toResolved(found ?? (await fetchOnce(recipe, root, options)));
  });
}

/** Lists the models that are in the folder of models, checked and unchanged, by name. */
export async function listModels(environment: NodeJS.ProcessEnv = process.env): Promise<ResolvedModel[]> {
  const root = modelsFolder(environment);
  return await withFileErrors(root, async () => (await readModelFolders(root)).map(toResolved));
}

/** The folder of models: PLUMB_MODELS_DIR, else `plumb/models` in XDG_CACHE_HOME, else in `~/.cache`. Absolute. */
export function modelsFolder(environment: NodeJS.ProcessEnv): string {
  if (environment.PLUMB_MODELS_DIR) return resolve(environment.PLUMB_MODELS_DIR);
  const cache = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  return resolve(cache, 'plumb', 'models');
}

function readSource(
  text: string | undefined,
  options: Pick<EnsureModelOptions, 'environment' | 'baseFolder' | 'allowPlainHttp'>,
): ModelRecipe | PathSource {
  if (text === undefined) return defaultModel();
  const source = parseModelSource(text, { ...options, homeFolder: options.environment?.HOME });
  if (source.kind === 'path') return source;
  return { name: describeSource(source), sources: [{ source, sha256: undefined, bytes: undefined }] };
}

async function useLocalFile(path: string): Promise<ResolvedModel> {
  const bytes = await checkGguf(path);
  return { path, name: modelName(path), bytes, source: path };
}

/** Looks in the folder of the recipe, and then for the same bytes under another name. */
async function findInStore(recipe: ModelRecipe, root: string): Promise<StoredModel | undefined> {
  const own = await readModelFolder(join(root, recipeFolder(recipe)));
  if (own !== undefined) return own;
  const promised = promisedHashes(recipe);
  if (promised.size === 0) return undefined;
  return (await readModelFolders(root)).find((model) => promised.has(model.sha256));
}

async function fetchOnce(recipe: ModelRecipe, root: string, options: EnsureModelOptions): Promise<StoredModel> {
  const folder = join(root, recipeFolder(recipe));
  const context = createContext(options);
  context.signal.throwIfAborted();
  await mkdir(folder, { recursive: true });
  return await withLock(join(folder, LOCK_FILE), context, async (signal) => {
    const holding = { ...context, signal };
    // Another process may have fetched it while this one waited for the lock.
    const found = await readModelFolder(folder);
    return found ?? (await adoptFile(recipe, folder, holding)) ?? (await fetchFromAny(recipe, folder, holding));
  });
}

/** Takes up a file with its final name that was not noted as checked, or that was written to since. */
async function adoptFile(
  recipe: ModelRecipe,
  folder: string,
  context: TransferContext,
): Promise<StoredModel | undefined> {
  const entry = await readEntry(folder);
  const promised = promisedHashes(recipe);
  if (promised.size === 0 && entry !== undefined) promised.add(entry.sha256);
  for (const file of await findGgufFiles(folder)) {
    const path = join(folder, file);
    const { sha256 } = await hashFile(path, context);
    // Without any promise the name itself is the proof: only whole, checked files get it.
    const isRight = promised.size === 0 ? await isGguf(path) : promised.has(sha256);
    const source = entry?.source ?? recipe.sources[0]?.source.text ?? path;
    if (isRight) return await writeModelFolder(folder, { file, name: modelName(file), sha256, source }, [LOCK_FILE]);
    notify(context, `${path} is not what was fetched. It is fetched again.`);
    await rm(path, { force: true });
  }
  return undefined;
}

async function isGguf(path: string): Promise<boolean> {
  try {
    await checkGguf(path);
    return true;
  } catch (error) {
    if (error instanceof ModelError && error.code === 'not_a_model') return false;
    throw error;
  }
}

/** Tries the sources in order; trouble of this machine ends it at once, since no other source could help. */
async function fetchFromAny(recipe: ModelRecipe, folder: string, context: TransferContext): Promise<StoredModel> {
  const failures: { source: string; error: ModelError }[] = [];
  const alone = recipe.sources.length === 1;
  for (const [index, pinned] of recipe.sources.entries()) {
    const source = describeSource(pinned.source);
    try {
      const unreachableRetries = alone ? UNREACHABLE_RETRIES : 0;
      const { path, sha256 } = await fetchModelFile(pinned, folder, { ...context, unreachableRetries });
      const file = basename(path);
      const entry = { file, name: modelName(file), sha256, source: pinned.source.text };
      return await writeModelFolder(folder, entry, [LOCK_FILE]);
    } catch (error) {
      if (context.signal.aborted || !(error instanceof ModelError) || isLocalTrouble(error)) throw error;
      failures.push({ source, error });
      const next = recipe.sources[index + 1];
      if (next !== undefined) notify(context, `${error.message} Trying ${describeSource(next.source)}.`);
    }
  }
  throw allFailed(recipe, failures);
}

function allFailed(recipe: ModelRecipe, failures: readonly { source: string; error: ModelError }[]): ModelError {
  const tried = failures.map(({ source, error }) => `  ${source}\n    ${error.message}`);
  const message = [
    `The model ${recipe.name} could not be fetched. Tried:`,
    ...tried,
    'A GGUF file of your own works without a network: plumb serve --model /path/to/model.gguf,',
    'or set PLUMB_MODEL=/path/to/model.gguf.',
  ].join('\n');
  const codes = new Set<ModelErrorCode>(failures.map(({ error }) => error.code));
  const last = failures.at(-1)?.error;
  const code = codes.has('unreachable') ? 'unreachable' : (last?.code ?? 'unreachable');
  return new ModelError(code, message, { cause: last });
}

function createContext(options: EnsureModelOptions): TransferContext {
  return {
    // A signal that nobody aborts stands for no signal.
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => undefined),
    environment: options.environment ?? process.env,
    clock: options.clock,
    pace: options.pace ?? DEFAULT_PACE,
    allowPlainHttp: options.allowPlainHttp ?? false,
    unreachableRetries: UNREACHABLE_RETRIES,
  };
}

function recipeFolder(recipe: ModelRecipe): string {
  const [first] = recipe.sources;
  const keys = new Set(recipe.sources.map(({ source, sha256 }) => sha256 ?? source.text));
  return folderName(first === undefined ? recipe.name : modelName(describeSource(first.source)), [...keys].join(' '));
}

function promisedHashes(recipe: ModelRecipe): Set<string> {
  return new Set(recipe.sources.map(({ sha256 }) => sha256).filter((hash) => hash !== undefined));
}

function modelName(path: string): string {
  return basename(path).replace(/\.gguf$/i, '');
}

function toResolved(model: StoredModel): ResolvedModel {
  const { path, name, bytes, sha256, source } = model;
  return { path, name, bytes, sha256, source };
}
