/** How long to wait before the next attempt: full jitter, and what the server asks for as a floor. */

export interface BackoffOptions {
  /** The most that the first wait can be, in ms; doubles with each further attempt. Default: 250. */
  readonly baseMs?: number;
  /** The most that any wait can be, in ms, unless the server asks for more. Default: 20,000. */
  readonly capMs?: number;
}

/**
 * Draws a wait in ms, evenly from 0 to min(cap, base · 2^retries): waits of many clients that failed together then do
 * not end together ("full jitter", AWS Architecture Blog, 2015).
 *
 * @param retries How many waits there were before this one.
 * @param random Draws evenly from [0, 1).
 */
export function drawBackoff(retries: number, random: () => number, options: BackoffOptions = {}): number {
  const { baseMs = 250, capMs = 20_000 } = options;
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(retries, 30));
}

/** The most that is waited beyond what a server asks for, in ms. */
const HINT_JITTER_MAX_MS = 2000;

/**
 * The wait in ms where a server asked for one. It is never cut short, and a little longer by chance: servers tell many
 * clients the same number.
 */
export function drawHintedWait(hintMs: number, random: () => number): number {
  return hintMs + random() * Math.min(0.1 * hintMs, HINT_JITTER_MAX_MS);
}
