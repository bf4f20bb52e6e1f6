/** Who pays: keys belong to accounts. */

/** An account. */
export interface Account {
  readonly id: string;
  /** Unique, chosen by the operator. */
  readonly name: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** The name of its tier; absent for whichever is the default one. */
  readonly tier?: string;
}

/** The account that keys belong to when none is named. */
export const DEFAULT_ACCOUNT_NAME = 'default';

/** The longest name of an account or a key, in characters. */
export const NAME_CHARACTERS_MAX = 64;

/** A name that accounts or keys cannot have. */
export class NameError extends Error {
  override readonly name = 'NameError';
}

/**
 * Returns the name without white space around it. Throws a NameError unless 1 to 64 characters are left, none of them a
 * control character; `what` says whose name it is.
 */
export function readName(name: string, what: 'account' | 'key'): string {
  const trimmed = name.trim();
  if (trimmed === '') throw new NameError(`The name of the ${what} is empty.`);
  if (trimmed.length > NAME_CHARACTERS_MAX) {
    throw new NameError(`The name of the ${what} is longer than ${NAME_CHARACTERS_MAX} characters.`);
  }
  if (/\p{C}/u.test(trimmed)) throw new NameError(`The name of the ${what} contains a control character.`);
  return trimmed;
}
