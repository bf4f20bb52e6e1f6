/** CPU time of processes and of the whole machine, from Linux's /proc: who took part, and how much others disturbed. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Milliseconds of one tick of /proc: USER_HZ is 100 wherever Node runs on Linux. */
const TICK_MS = 10;
/** For how long it must be quiet. */
const QUIET_MS = 1_000;

/** CPU time of one process with all its threads, those that have ended included, in ms. Throws when it is gone. */
export function readProcessMs(processId: number): number {
  const fields = readStatFields(processId);
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_MS;
}

/** CPU time that the machine's processors have spent on anything but waiting, time stolen by the host included, in ms. */
export function readMachineMs(): number {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n');
  const [user, nice, system, , , interrupts, softInterrupts, stolen] = line!.trim().split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + interrupts! + softInterrupts! + stolen!) * TICK_MS;
}

/**
 * Waits until others leave the processors alone for a second, or the limit is over. `load` is in processors; nothing of
 * the benchmark's own may run meanwhile. A limit of 0 does not wait.
 */
export async function waitForQuiet(load: number, limitMs: number): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (performance.now() < endMs) {
    const beforeMs = readMachineMs();
    await delay(QUIET_MS);
    if (readMachineMs() - beforeMs <= load * QUIET_MS) return;
  }
}

/** The processes that this one has started, their own children not included. */
export function listChildren(processId: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => readParent(candidate) === processId);
}

function readParent(processId: number): number | undefined {
  try {
    return Number(readStatFields(processId)[PARENT]);
  } catch (error) {
    // It has ended since the folder was listed.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
}

// Places in /proc/[pid]/stat (proc_pid_stat(5)), counted from the field after the command.
const PARENT = 1;
const USER_TIME = 11;
const SYSTEM_TIME = 12;

function readStatFields(processId: number): string[] {
  const text = readFileSync(`/proc/${processId}/stat`, 'latin1');
  // The command may hold spaces and brackets; it ends at the last bracket.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
