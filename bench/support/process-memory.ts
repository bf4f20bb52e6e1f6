/** What a process holds, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const KIBIBYTE = 1024;

/** Bytes of memory that a process has in use: its resident set. Throws when it is gone. */
export function readResidentBytes(processId: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${processId}/status`, 'latin1')) ?? [];
  return Number(kibibytes) * KIBIBYTE;
}

/** How many files, sockets and the like a process has open. */
export function countDescriptors(processId: number): number {
  return readdirSync(`/proc/${processId}/fd`).length;
}
