/** Server-sent events out of a response, as a program wants them: without comments, empty data and `[DONE]`. */
import { EventDecoder, type ServerSentEvent } from '@plumb/wire/sse';
import { KitError } from '../errors/kit-error.js';
import { type Progress, type ReadOptions, readBytes } from './read-bytes.js';

/** The largest event that is read, in bytes. */
export const EVENT_MAX_BYTES = 16 * 1024 * 1024;

/** After `[DONE]` the body should end; so many more pieces of it are thrown away, then the connection. */
const REST_MAX_PIECES = 8;

/**
 * The events of a stream that have data, until `[DONE]` or the end of the body.
 *
 * @throws KitError `timeout` after a silence, `connection` when the connection is lost, `invalid_answer` when an event is
 * larger than EVENT_MAX_BYTES.
 * @throws the reason of the signal, once it is aborted.
 */
export async function* readEvents(
  response: Response,
  options: ReadOptions = {},
): AsyncGenerator<ServerSentEvent, void> {
  const progress: Progress = { hasBegun: false };
  const bytes = readBytes(response, options, progress);
  const decoder = new EventDecoder(EVENT_MAX_BYTES);
  try {
    for (let next = await bytes.next(); !next.done; next = await bytes.next()) {
      for (const event of decode(decoder, next.value)) {
        if (event.data === '') continue;
        progress.hasBegun = true;
        progress.hasEnded = event.data.trim() === '[DONE]';
        if (progress.hasEnded) return;
        yield event;
      }
    }
  } finally {
    if (progress.hasEnded) void close(bytes);
    else await bytes.return();
  }
}

function decode(decoder: EventDecoder, bytes: Uint8Array): ServerSentEvent[] {
  try {
    return decoder.push(bytes);
  } catch (cause) {
    throw new KitError('invalid_answer', (cause as RangeError).message, { cause });
  }
}

/** Reads the end of the body, without which the connection could not be used again. Nobody waits for it. */
async function close(bytes: AsyncGenerator<Uint8Array, void>): Promise<void> {
  try {
    for (let left = REST_MAX_PIECES; left > 0; left--) if ((await bytes.next()).done) return;
    await bytes.return();
  } catch {
    // The answer is complete; how its connection ends means nothing.
  }
}
