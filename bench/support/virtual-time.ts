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

  /**
   * Lets time pass as long as something is on; it stands still while something is under way that takes real time, such
   * as a request on a socket.
   *
   * @throws Error when there is nothing to wait for any more.
   */
  async runWhile(isOn: () => boolean, isUnderWay: () => boolean): Promise<void> {
    for (;;) {
      do await settle();
      while (isUnderWay());
      if (!isOn()) return;
      const { nextAt } = this;
      if (nextAt === undefined) throw new Error('Everybody waits, and nothing will happen.');
      this.runUntil(nextAt);
    }
  }

  /** Replaces the timers and the time of the platform, for libraries that know no other. Returns what puts them back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const dateNow = Date.now;
    const monotonicNow = performance.now;
    const origin = performance.timeOrigin;
    Object.assign(globalThis, this.#createTimers());
    Date.now = () => Math.floor(this.now());
    performance.now = () => this.now() - origin;
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
      Date.now = dateNow;
      performance.now = monotonicNow;
    };
  }

  /** As Node has them, where nothing is shorter than 1 ms. */
  #createTimers() {
    const cancels = new Map<unknown, () => void>();
    const start = (delayMs: number, isRepeated: boolean, call: () => void) => {
      const handle = { unref: () => handle, ref: () => handle, hasRef: () => true };
      const wait = () => {
        const fire = () => {
          if (isRepeated) wait();
          else cancels.delete(handle);
          call();
        };
        cancels.set(handle, this.after(Math.max(1, delayMs), fire));
      };
      wait();
      return handle;
    };
    const clear = (handle: unknown) => {
      cancels.get(handle)?.();
      cancels.delete(handle);
    };
    type Call = (...given: unknown[]) => void;
    return {
      setTimeout: (call: Call, delayMs = 0, ...given: unknown[]) => start(delayMs, false, () => call(...given)),
      setInterval: (call: Call, delayMs = 0, ...given: unknown[]) => start(delayMs, true, () => call(...given)),
      clearTimeout: clear,
      clearInterval: clear,
    };
  }
}

/** Promises that follow from each other are done before the next turn of the event loop; streams take a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => void realSetImmediate(resolve));
}
