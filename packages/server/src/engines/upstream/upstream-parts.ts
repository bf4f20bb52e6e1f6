/** What all requests to one upstream engine share. */
import type { Clock } from '../../observe/clock.js';
import type { Deliveries } from './deliveries.js';
import type { Endpoint } from './endpoint.js';
import type { TokenEstimator } from './estimate-tokens.js';
import type { FormBook } from './form-book.js';
import type { UpstreamKind } from './kinds/index.js';
import type { SharedRoom } from './shared-room.js';

export interface UpstreamParts {
  readonly kind: UpstreamKind;
  readonly endpoint: Endpoint;
  readonly estimator: TokenEstimator;
  readonly clock: Clock;
  readonly deliveries: Deliveries;
  readonly room: SharedRoom;
  /** From sending a request to the first output of its answer, in ms. */
  readonly firstEventTimeoutMs: number;
  /** Between two pieces of an answer, in ms. */
  readonly idleTimeoutMs: number;
  /** The forms of the engine's chunks, which may go without being parsed; undefined where all of them are. */
  readonly forms: FormBook | undefined;
}
