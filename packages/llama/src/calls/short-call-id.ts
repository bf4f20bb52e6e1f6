/** Ids of calls for chat templates that take short ones only. */
import { createHash } from 'node:crypto';
import { CALL_ID_LENGTH } from './markup.js';

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const SHORT = new RegExp(`^[a-zA-Z0-9]{${CALL_ID_LENGTH}}$`);

/** `CALL_ID_LENGTH` letters and digits: the id itself where it is such a one, else always the same ones for it. */
export function shortenCallId(id: string): string {
  if (SHORT.test(id)) return id;
  const bytes = createHash('sha256').update(id).digest().subarray(0, CALL_ID_LENGTH);
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join('');
}
