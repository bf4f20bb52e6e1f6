/** Finds and opens the native addon: directly where node-llama-cpp ships a CPU binary, through its own loader elsewhere. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ADDON_VERSION, type Addon } from './addon.js';

/** The level of llama.cpp's log that is passed on: errors. */
const LOG_LEVEL_ERROR = 2;

/** The package, and the folder in it, of each CPU binary that can be opened without asking what the machine has. */
const CPU_BINARIES: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
};

/**
 * Opens the addon. Going round the package's own loader saves 0.35 s of start: that one first opens the binary in a trial
 * process, which this process already is.
 *
 * @param gpu Whether layers will be kept on a GPU.
 * @param log Receives llama.cpp's errors, each with its line end.
 * @throws Error when there is no binary for this machine.
 */
export async function loadAddon(gpu: boolean, log: (message: string) => void): Promise<Addon> {
  const addon = (gpu ? undefined : openCpuBinary(log)) ?? (await openThroughPackage(gpu, log));
  await addon.init();
  return addon;
}

/** Undefined when there is no such binary, or it is of another version, or does not open here. */
function openCpuBinary(log: (message: string) => void): Addon | undefined {
  const name = CPU_BINARIES[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  const require = createRequire(import.meta.url);
  try {
    // Its binaries are dependencies of node-llama-cpp, so they are looked for from there.
    const entry = createRequire(require.resolve('node-llama-cpp')).resolve(`@node-llama-cpp/${name}`);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    if (version !== ADDON_VERSION) return undefined;
    const folder = join(root, 'bins', name);
    const addon = require(join(folder, 'llama-addon.node')) as Addon;
    addon.markLoaded();
    addon.setLogger((_level, message) => log(message));
    addon.setLoggerLogLevel(LOG_LEVEL_ERROR);
    addon.loadBackends(folder);
    return addon;
  } catch {
    // The package's own loader knows more ways, and says better what is missing.
    return undefined;
  }
}

async function openThroughPackage(gpu: boolean, log: (message: string) => void): Promise<Addon> {
  const { getLlama, LlamaLogLevel } = await import('node-llama-cpp');
  const llama = await getLlama({
    gpu: gpu ? 'auto' : false,
    build: 'never',
    progressLogs: false,
    logLevel: LlamaLogLevel.error,
    logger: (_level, message) => log(message),
  });
  return (llama as unknown as { _bindings: Addon })._bindings;
}
