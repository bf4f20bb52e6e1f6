/** What the files of a journal are called: by their server, and in the order in which they are written. */

const ENDING = '.journal';
const NUMBER_LENGTH = 6;

export function nameFile(serverId: string, number: number): string {
  return `${serverId}.${String(number).padStart(NUMBER_LENGTH, '0')}${ENDING}`;
}

export function isJournalFile(name: string): boolean {
  return name.endsWith(ENDING);
}

/** The server that has written a file. */
export function serverOfFile(name: string): string {
  return name.slice(0, name.indexOf('.'));
}
