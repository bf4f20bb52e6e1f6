/** Time that passes only when nothing else can happen, so that an hour of waiting clients is measured in seconds. */
import { VirtualClock } from '#client/plan/virtual-clock.js';

const realSetImmediate = globalThis.setImmediate;

export class VirtualTime extends VirtualClock {
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /** Lets time pass until a moment, in ms since the epoch; between two moments everything that can happen happens. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      await settle();
      const { nextAt } = this;
      if (nextAt === undefined || nextAt > untilMs) break;
      // What is due at one moment is done together: it cannot know of each other.
      this.runUntil(nextAt);
    }
    this.runUntil(untilMs);
  }

  /** Replaces the timers and the time of the platform, for libraries that know no other. Returns what puts them back. */
  install(): () => void {
    const { setTimeout, clearTimeout } = globalThis;
    const dateNow = Date.now;
    const cancels = new Map<object, () => void>();
    const fake = (call: (...given: unknown[]) => void, delayMs = 0, ...given: unknown[]) => {
      const handle = { unref: () => handle, ref: () => handle, hasRef: () => true };
      cancels.set(
        handle,
        this.after(delayMs, () => {
          cancels.delete(handle);
          call(...given);
        }),
      );
      return handle;
    };
    const clear = (handle: object | undefined) => {
      if (handle === undefined) return;
      cancels.get(handle)?.();
      cancels.delete(handle);
    };
    Object.assign(globalThis, { setTimeout: fake, clearTimeout: clear });
    Date.now = () => this.now();
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      Date.now = dateNow;
    };
  }
}

/** Promises that follow from each other are done before the next turn of the event loop; streams take a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => void realSetImmediate(resolve));
}
