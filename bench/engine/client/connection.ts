/** The port of the load client: one way to put a request to a contender, over HTTP or over the link. */
import type { RequestBody } from '../workload.js';
import type { RequestRecord } from './protocol.js';

/** A contender as the load sees it. */
export interface Connection {
  /** The process that was started for this connection, if any. */
  readonly engineProcessId?: number;
  /** Runs one request to its end. Throws when the contender answers with an error. */
  generate(body: RequestBody): Promise<RequestRecord>;
  /** Gives back what the connection holds. */
  close(): Promise<void>;
}
