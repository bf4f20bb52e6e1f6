/** Tells processes apart, also those of which a later one got the number of an earlier one, and whether they still run. */
import { readFileSync } from 'node:fs';

/** `pid:start`, where the start is what the system says about when it began, or nothing where it does not say. */
export function ownIdentity(): string {
  return `${process.pid}:${startOf(process.pid)}`;
}

/** Whether the process of an identity, or of anything that begins with one, still runs. */
export function isRunning(identity: string): boolean {
  const [pidText = '', start = ''] = identity.split(':');
  const pid = Number(pidText);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return start === startOf(pid);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process runs too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return start === '' || startOf(pid) === start;
}

/** Field 22 of `/proc/<pid>/stat`, in clock ticks since the start of the system; field 2 may hold spaces and brackets. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that has ended and was not waited for holds nothing any more.
    return fields[0] === 'Z' ? 'ended' : (fields[19] ?? '');
  } catch {
    return '';
  }
}
