/** One request and what came back, as bytes. */

/** Stands for the key wherever a request is shown or compared. */
export const KEY_PLACE = '$KEY';

/** A request, complete but for the key. */
export interface SentRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  /** Lower case; `KEY_PLACE` stands for the key. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** The answer to a request. */
export interface Exchange {
  readonly request: SentRequest;
  readonly status: number;
  /** By lower-case name; several of one name are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  /** The bytes as UTF-8. */
  readonly text: string;
  /** The time of this machine when it had come, in ms since 1970. */
  readonly cameAt: number;
}

/** Whether an answer says that it is JSON. */
export function isJson({ headers }: Exchange): boolean {
  return /^application\/json\b/i.test(headers['content-type'] ?? '');
}
