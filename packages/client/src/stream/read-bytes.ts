/** Reads the body of an answer and does not wait for ever: the time-outs that `fetch` has not. */
import { KitError } from '../errors/kit-error.js';
import { type Clock, systemClock } from '../time/clock.js';

/** How long an answer may be silent, in ms, unless another limit is given. Keep-alives are no silence. */
export const STALL_TIMEOUT_MS = 120_000;

/** How long an answer may take until something of it comes, in ms: endpoints give up after ten minutes themselves. */
export const FIRST_TOKEN_TIMEOUT_MS = 630_000;

/** How long an answer whose end has been read may take to close, in ms, so that its connection can be used again. */
const CLOSE_TIMEOUT_MS = 1000;

export interface ReadOptions {
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Default: STALL_TIMEOUT_MS. */
  readonly stallTimeoutMs?: number | undefined;
  /** Default: FIRST_TOKEN_TIMEOUT_MS. */
  readonly firstTokenTimeoutMs?: number | undefined;
  /** Default: the clock of the machine. */
  readonly clock?: Clock | undefined;
}

/** How far the reader of the bytes is: whether something of the answer has come, and whether all of it has. */
export interface Progress {
  hasBegun: boolean;
  hasEnded?: boolean;
}

/**
 * The bytes of an answer. Leaving early closes the connection.
 *
 * @throws KitError `timeout` after a silence, `connection` when the connection is lost.
 * @throws the reason of the signal, once it is aborted.
 */
export async function* readBytes(
  { body }: Response,
  options: ReadOptions,
  progress: Progress,
): AsyncGenerator<Uint8Array, void> {
  const { clock = systemClock, stallTimeoutMs = STALL_TIMEOUT_MS, signal } = options;
  const { firstTokenTimeoutMs = FIRST_TOKEN_TIMEOUT_MS } = options;
  const deadline = clock.now() + firstTokenTimeoutMs;
  const limitOf = () => {
    if (progress.hasEnded) return CLOSE_TIMEOUT_MS;
    return progress.hasBegun ? stallTimeoutMs : Math.min(stallTimeoutMs, deadline - clock.now());
  };
  const reader = body?.getReader();
  try {
    while (reader) {
      const limitMs = limitOf();
      const late = () => {
        const what =
          limitMs < stallTimeoutMs ? `No answer began within ${firstTokenTimeoutMs}` : `Nothing came for ${limitMs}`;
        return new KitError('timeout', `${what} ms. Ask again, or allow more time.`, { retryable: true });
      };
      const { done, value } = await within(reader.read(), clock, limitMs, late, signal);
      if (done) return;
      yield value;
    }
  } finally {
    reader?.cancel().catch(() => {});
  }
}

function within<T>(
  reading: Promise<T>,
  clock: Clock,
  limitMs: number,
  late: () => KitError,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal?.reason);
    // An endpoint that sends keep-alives without a pause would never let a timer of 0 ms fire.
    if (limitMs <= 0) reject(late());
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave);
    const cancel = clock.after(limitMs, () => reject(late()));
    const lose = (cause: unknown) => {
      reject(
        new KitError('connection', 'The connection was lost before the answer had ended.', { retryable: true, cause }),
      );
    };
    reading.then(resolve, lose).finally(() => {
      cancel();
      signal?.removeEventListener('abort', leave);
    });
  });
}
