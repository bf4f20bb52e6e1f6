/** How a case ends when its rule is not simply kept. */
import type { Outcome } from './case.js';

/** The longest piece of an answer that is shown, in characters. */
const SHOWN_CHARACTERS_MAX = 300;

/** What a case found. Thrown, so that a case reads as a list of what must hold. */
export class Finding extends Error {
  readonly outcome: Exclude<Outcome, 'pass'>;
  /** Empty for `skip`. */
  readonly expected: string;
  readonly came: string;

  constructor(outcome: Exclude<Outcome, 'pass'>, expected: string, came: string) {
    super(`${outcome}: expected ${expected}, came ${came}`);
    this.name = 'Finding';
    this.outcome = outcome;
    this.expected = expected;
    this.came = came;
  }
}

/** Ends the case as failed when something does not hold. `came` is shown as it is when it is a text. */
export function must(holds: boolean, expected: string, came: unknown): asserts holds {
  if (!holds) throw new Finding('fail', expected, describe(came));
}

/** Ends the case with a warning when something does not hold. What must hold is said before it. */
export function should(holds: boolean, expected: string, came: unknown): asserts holds {
  if (!holds) throw new Finding('warn', expected, describe(came));
}

/** Ends the case because nothing can be seen. */
export function skip(reason: string): never {
  throw new Finding('skip', '', shorten(reason));
}

/** A value of JSON as people read it, shortened. */
export function show(value: unknown): string {
  return shorten(value === undefined ? 'nothing' : JSON.stringify(value));
}

/** A text in one line, shortened. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = [...line];
  if (characters.length <= SHOWN_CHARACTERS_MAX) return line;
  return `${characters.slice(0, SHOWN_CHARACTERS_MAX).join('')} …`;
}

function describe(came: unknown): string {
  return typeof came === 'string' ? shorten(came) : show(came);
}
