/** What Ctrl-C and SIGTERM do to a batch: the first lets it end in good order, a second gives up what is under way. */

export interface SignalTrap {
  /** Aborted by a second signal that is not a part of the first key press. */
  readonly aborted: AbortSignal;
  /** Calls at the first signal; at once when there was one. */
  onStop(call: () => void): void;
}

/** A key press reaches a program twice when a package manager stands in between; signals this close are one. */
const SAME_KEY_PRESS_MS = 500;

/** Catches them until the program ends, so that one more key press cannot cut off how to go on. */
export function catchSignals(): SignalTrap {
  const controller = new AbortController();
  const calls: (() => void)[] = [];
  let firstAt: number | undefined;
  const take = () => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      for (const call of calls) call();
    } else if (now - firstAt > SAME_KEY_PRESS_MS) {
      controller.abort(new Error('It was given up.'));
    }
  };
  for (const signal of SIGNALS) process.on(signal, take);
  return {
    aborted: controller.signal,
    onStop(call) {
      calls.push(call);
      if (firstAt !== undefined) call();
    },
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
