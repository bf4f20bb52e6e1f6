/**
 * One process at a time fetches a model: a lock file that names its holder, kept fresh while it is held, so that a
 * holder that died does not block the others.
 */
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ModelError, systemCode } from './model-error.js';
import { notify, type TransferContext } from './transfer.js';

/** How often the holder refreshes the time of the file, in ms. */
const HEARTBEAT_MS = 1_000;
/** Age after which the lock of a process that is gone from this machine counts as left behind, in ms. */
export const GONE_AFTER_MS = 3_000;
/** Age after which any lock counts as left behind, in ms: its holder is asleep, or on a machine that went down. */
export const STALE_AFTER_MS = 60_000;
/** How often a waiting process looks again, in ms. */
const POLL_MS = 250;
/** How long a process waits for another, in ms: half a day. */
export const MAX_LOCK_WAIT_MS = 12 * 60 * 60 * 1000;

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
}

type LockContext = Pick<TransferContext, 'signal' | 'onProgress' | 'clock' | 'pace'>;

/**
 * Runs `work` while holding the lock file `path`, and gives it back however the work ends. Waits while another process
 * holds it, and says so. The signal that `work` gets is aborted with the given one, and also when the lock is lost
 * because this process slept for so long that another one took it. Throws a ModelError `busy` after MAX_LOCK_WAIT_MS.
 */
export async function withLock<T>(
  path: string,
  context: LockContext,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const self: Holder = { token: randomUUID(), pid: process.pid, host: hostname() };
  await acquire(path, self, context);
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    keepFresh(path, self, context).catch((error: unknown) => lost.abort(error));
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work(AbortSignal.any([context.signal, lost.signal]));
  } finally {
    clearInterval(heartbeat);
    if ((await readHolder(path))?.token === self.token) await rm(path, { force: true });
  }
}

async function acquire(path: string, self: Holder, context: LockContext): Promise<void> {
  const deadline = context.clock.now() + MAX_LOCK_WAIT_MS;
  let hasSaidSo = false;
  while (!(await create(path, self))) {
    context.signal.throwIfAborted();
    if (await removeIfLeftBehind(path, context)) continue;
    const holder = await readHolder(path);
    const who = holder === undefined ? 'Another process' : `Process ${holder.pid} on ${holder.host}`;
    if (context.clock.now() >= deadline) {
      throw new ModelError('busy', `${who} has been fetching this model for too long. Its lock is ${path}.`);
    }
    if (!hasSaidSo) notify(context, `${who} is fetching this model. Waiting for it.`);
    hasSaidSo = true;
    await context.pace.wait(POLL_MS, context.signal);
  }
}

/** True when the file was made by this call. */
async function create(path: string, self: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(JSON.stringify(self));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function keepFresh(path: string, self: Holder, context: LockContext): Promise<void> {
  if ((await readHolder(path))?.token !== self.token) {
    throw new ModelError('busy', `Another process took over the lock ${path} while this one slept.`);
  }
  const now = context.clock.now() / 1000;
  await utimes(path, now, now);
}

/** True when the lock is free now, or changed hands: in both cases it is worth another try at once. */
async function removeIfLeftBehind(path: string, context: LockContext): Promise<boolean> {
  const before = await readLock(path);
  if (before === undefined) return true;
  if (!isLeftBehind(before, context.clock.now())) return false;
  // Renaming has one winner. Should it have caught a new lock, made since the look above, that one is put back.
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
  const caught = await readHolder(aside);
  if (caught?.token !== before.holder?.token) await putBack(aside, path);
  await rm(aside, { force: true });
  return true;
}

async function putBack(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    // Somebody else has it by now; the one who lost it notices at the next heartbeat.
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}

interface Lock {
  /** Undefined where the file holds no whole entry (yet). */
  readonly holder: Holder | undefined;
  /** Epoch ms. */
  readonly refreshedAt: number;
}

function isLeftBehind(lock: Lock, now: number): boolean {
  const ageMs = now - lock.refreshedAt;
  if (ageMs >= STALE_AFTER_MS) return true;
  const isOurMachine = lock.holder?.host === hostname();
  // A holder in another container may share the host's name and not its processes; its heartbeat still shows.
  return isOurMachine && ageMs >= GONE_AFTER_MS && lock.holder !== undefined && !isAlive(lock.holder.pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

async function readLock(path: string): Promise<Lock | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    return { holder: await readHolder(path), refreshedAt: mtimeMs };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { token, pid, host } = value as Partial<Record<keyof Holder, unknown>>;
    if (typeof token !== 'string' || typeof pid !== 'number' || typeof host !== 'string') return undefined;
    return { token, pid, host };
  } catch (error) {
    // No file, or one whose holder was stopped while writing it.
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
