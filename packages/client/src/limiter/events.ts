/** What a limiter tells about itself while it works, for logs and live views. */
import type { Axis, AxisState } from './limiter.js';

export type LimiterEvent =
  /** The endpoint refused a request; nothing leaves on that axis before `heldUntil`, in ms since the epoch. */
  | { readonly type: 'refused'; readonly axis: Axis; readonly heldUntil: number }
  /** A limit is now another one. */
  | {
      readonly type: 'limit';
      readonly axis: Axis;
      readonly limit: number | undefined;
      readonly origin: AxisState['origin'];
    }
  /** A slot is now used again after another time: the window and this, in ms. */
  | { readonly type: 'guard'; readonly guardMs: number }
  /** The file that several processes share cannot be used: this process limits itself alone until it can. */
  | { readonly type: 'alone'; readonly reason: string };
