/** Whether a stream gets colours: NO_COLOR and FORCE_COLOR decide, else whether it is a terminal. */
import { createColors } from 'picocolors';

/** The colours for a stream; functions that change nothing where it gets none. `FORCE_COLOR=0` is no colour as well. */
export function colorsFor(stream: { readonly isTTY?: boolean | undefined }, environment: NodeJS.ProcessEnv) {
  return createColors(wantsColors(stream.isTTY === true, environment));
}

function wantsColors(isTerminal: boolean, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
