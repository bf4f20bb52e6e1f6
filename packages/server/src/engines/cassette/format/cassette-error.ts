/** What is wrong with a cassette, for the person who named it. */

/** The cassette cannot be read or written. The message names the file and, if it can, the line, and says what to do. */
export class CassetteError extends Error {
  override readonly name = 'CassetteError';
}
