/** The head of an answer whose body has been read and is sent on from memory. */

/** Lengths and encodings of the body as it came over the wire are not those of the body that is handed on. */
const OF_THE_WIRE = ['content-length', 'content-encoding', 'transfer-encoding'];

export function rebuildHead({ status, statusText, headers }: Response): ResponseInit {
  const kept = new Headers(headers);
  for (const name of OF_THE_WIRE) kept.delete(name);
  return { status, statusText, headers: kept };
}
