/** Trying again: how often, and after how long, when a source breaks off. */
import { ModelError } from './model-error.js';
import { notify, type TransferContext } from './transfer.js';

/** Further attempts after a source broke off without having got us any further. */
export const MAX_RETRIES = 5;
/** The first wait; each further one is twice as long. In ms. */
const FIRST_DELAY_MS = 500;
/** The longest wait, in ms, unless the source asks for a longer one. */
const MAX_DELAY_MS = 10_000;

/**
 * Calls `attempt` until it resolves. A ModelError `interrupted` is tried again up to MAX_RETRIES times in a row, and
 * `unreachable` too once the source has answered before; a source that never answered is asked again
 * `context.unreachableRetries` times. Every other error is thrown at once. `progress` tells how many bytes are there:
 * whenever that has grown by `context.pace.progressBytes`, the count starts anew, so a file of N bytes is given up after
 * at most (N / progressBytes + 1) * (MAX_RETRIES + 1) attempts.
 */
export async function retryInterrupted<T>(
  attempt: () => Promise<T>,
  context: TransferContext,
  progress: () => number = () => 0,
): Promise<T> {
  let failures = 0;
  let hasAnswered = false;
  let mark = progress();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      if (progress() >= mark + context.pace.progressBytes) {
        mark = progress();
        failures = 0;
      }
      hasAnswered ||= error.code === 'interrupted';
      failures += 1;
      const retries = hasAnswered ? MAX_RETRIES : context.unreachableRetries;
      if (!isPassing(error) || failures > retries) throw error;
      const delayMs = error.retryAfterMs ?? Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS);
      notify(context, `${error.message} Trying again in ${delayMs / 1000} s (${failures} of ${retries}).`);
      await context.pace.wait(delayMs, context.signal);
    }
  }
}

function isPassing(error: ModelError): boolean {
  return error.code === 'interrupted' || error.code === 'unreachable';
}
