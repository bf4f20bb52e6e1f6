/** Keeps two runners off the same result files, also when one was killed and left its claim behind. */
import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hashText, toHex } from '../batch/hash.js';
import { KitError } from '../errors/kit-error.js';

/**
 * A claim is an empty file whose name says who made it: process id, start time and boot of the machine, machine. Whoever
 * finds another live claim after making its own takes it back, so that there are never two holders. Nothing is read or
 * overwritten, so that a claim cannot be half there.
 */
export interface BatchLock {
  /** Takes the claim back. */
  release(): Promise<void>;
}

/** How often a claim is tried while another one lives: two that begin at the same moment both step back. */
const TRIES = 3;
const PAUSE_MS = 60;

/**
 * Claims a path.
 *
 * @throws KitError invalid_input when another process works on it.
 */
export async function lockBatch(path: string): Promise<BatchLock> {
  const self = await describeSelf();
  const prefix = `${basename(path)}.lock.`;
  const own =
    prefix + [self.processId, self.startTime, self.boot, self.machine, randomBytes(4).toString('hex')].join('.');
  const folder = dirname(path);
  for (let attempt = 1; ; attempt += 1) {
    await (await open(join(folder, own), 'wx')).close();
    const holder = await findHolder(folder, prefix, own, self);
    if (holder === undefined) return { release: () => unlink(join(folder, own)).catch(() => {}) };
    await unlink(join(folder, own));
    if (attempt === TRIES) throw heldError(path, holder, folder, self);
    await pause(PAUSE_MS * attempt * (0.5 + Math.random()));
  }
}

/** Whether some process works on a path at the moment. */
export async function isBatchLocked(path: string): Promise<boolean> {
  return (await findHolder(dirname(path), `${basename(path)}.lock.`, '', await describeSelf())) !== undefined;
}

interface Claimant {
  readonly processId: string;
  /** When the process began, as the system counts it; 0 where it does not tell. */
  readonly startTime: string;
  /** Which boot of the machine; 0 where it does not tell. */
  readonly boot: string;
  readonly machine: string;
}

interface Claim extends Claimant {
  readonly name: string;
}

/** A live claim besides one's own. What dead processes have left is removed. */
async function findHolder(folder: string, prefix: string, own: string, self: Claimant): Promise<Claim | undefined> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || name === own) continue;
    const [processId = '', startTime = '', boot = '', machine = ''] = name.slice(prefix.length).split('.');
    const claim = { name, processId, startTime, boot, machine };
    if (await isAlive(claim, self)) return claim;
    await unlink(join(folder, name)).catch(() => {});
  }
  return undefined;
}

async function isAlive(claim: Claim, self: Claimant): Promise<boolean> {
  // Nothing can be known of the processes of another machine.
  if (claim.machine !== self.machine) return true;
  if (claim.boot !== self.boot || !isRunning(Number(claim.processId))) return false;
  const startTime = await readStartTime(claim.processId);
  return startTime === NOT_TOLD || claim.startTime === NOT_TOLD || startTime === claim.startTime;
}

function isRunning(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function describeSelf(): Promise<Claimant> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return {
    processId: String(process.pid),
    startTime: await readStartTime('self'),
    boot: boot.trim().slice(0, 8) || NOT_TOLD,
    machine: toHex(hashText(hostname())).slice(0, 8),
  };
}

const NOT_TOLD = '0';

/** Field 22 of the status of a process, in ticks since the boot; the second field may hold spaces and brackets. */
async function readStartTime(processId: string): Promise<string> {
  const status = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => '');
  return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? NOT_TOLD;
}

function heldError(path: string, claim: Claim, folder: string, self: Claimant): KitError {
  const where = claim.machine === self.machine ? '' : ' on another machine';
  const hint =
    claim.machine === self.machine
      ? 'Wait for it, or end it.'
      : `If that one has ended, delete ${join(folder, claim.name)}.`;
  const who = `process ${claim.processId}${where}`;
  return new KitError('invalid_input', `Another run (${who}) works on ${path}. ${hint}`);
}
