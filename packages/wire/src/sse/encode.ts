/** How an answer is written as server-sent events: data alone, no names and no ids. */

/** The event after the last chunk. */
export const DONE_EVENT = 'data: [DONE]\n\n';

/** A comment that clients skip: it shows that the connection lives while nothing is ready. */
export const KEEP_ALIVE_COMMENT = ': keep-alive\n\n';

/** One event with a JSON text as its data. The text must be on one line, as JSON.stringify writes it. */
export function encodeEvent(json: string): string {
  return `data: ${json}\n\n`;
}
