/** The text that no input may contain. */
import { invalidRequest } from '../errors/named-errors.js';

/** Marks the place of an image inside a prompt, which a text must not be able to fake. */
const RESERVED_TEXT = '<｜image｜>';

/**
 * Refuses a text that contains the reserved one.
 *
 * @throws ApiError invalid_request.
 */
export function checkReserved(text: string): void {
  if (text.includes(RESERVED_TEXT)) {
    throw invalidRequest(
      `The sub-string "${RESERVED_TEXT}" in your input is not allowed for this API. Please remove it and try again.`,
    );
  }
}
