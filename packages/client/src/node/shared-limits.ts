/** One limiter for all processes of a user that have the same key and model: they keep one set of books, in a file. */
import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { type LimiterOptions, requireLimits } from '../limiter/create-limiter.js';
import type { LimiterEvent } from '../limiter/events.js';
import type { Limiter } from '../limiter/limiter.js';
import { type Books, Scheduler } from '../limiter/scheduler.js';
import { type Clock, systemClock } from '../time/clock.js';
import { FileLock } from './file-lock.js';
import { isRunning, ownIdentity } from './process-identity.js';
import { type Entry, SharedBooks } from './shared-books.js';
import { openSharedFolder, type SharedKey } from './shared-folder.js';
import { SharedLog } from './shared-log.js';

export interface SharedLimiterOptions extends LimiterOptions, SharedKey {
  /** Where the folders of all keys are. Default: below `XDG_RUNTIME_DIR` or the folder for temporary files. */
  readonly folder?: string;
}

/** The limiter of this process, which knows what the others do. */
export interface SharedLimiter extends Limiter {
  /** Stops watching the file. The limiter must not be used any more. */
  close(): void;
}

/** How long to wait, in ms, for somebody who has the lock: he needs less than one. */
const LOCK_RETRY_MS = 2;
/** How often to look, in ms, whether processes have died, while somebody waits. */
const PATROL_MS = 2000;
/** A log from this far ahead, in ms, was written before the clock was set back. */
const AHEAD_MAX_MS = 5000;

/** The clock that all processes of a machine share. Each of the others begins at a time of its own and stands still in sleep. */
const wallClock: Clock = { now: () => Date.now(), after: systemClock.after };

/**
 * A limiter that shares its limits with all others that have the same endpoint, key and model, on this machine and for this
 * user. Whoever dies, in whatever way, holds up nobody: his requests count as ended.
 *
 * @throws KitError invalid_input for limits that cannot be, and for a folder that others can write to.
 */
export function createSharedLimiter(options: SharedLimiterOptions): SharedLimiter {
  requireLimits(options);
  const clock = options.clock ?? wallClock;
  const shared = new SharedLimits(options, clock, openSharedFolder(options, options.folder));
  const { onEvent } = options;
  const scheduler = new Scheduler({
    clock,
    exclusively: (action) => shared.exclusively(action),
    ...(onEvent && { onEvent }),
  });
  shared.watch(scheduler);
  return {
    admit: (admission, signal) => scheduler.admit(admission, signal),
    snapshot: () => scheduler.snapshot(),
    close: () => shared.close(),
  };
}

class SharedLimits {
  readonly #clock: Clock;
  readonly #onEvent: ((event: LimiterEvent) => void) | undefined;
  readonly #self: string;
  readonly #lock: FileLock;
  readonly #log: SharedLog;
  readonly #books: SharedBooks;
  #actions: ((books: Books) => void)[] = [];
  #isWaitingForLock = false;
  #isInside = false;
  /** Whether the file could not be used the last time, and how often that was so this time. */
  #isAlone = false;
  #failures = 0;
  #watcher: FSWatcher | undefined;
  #patrol: (() => void) | undefined;
  #patrolledAt = Number.NEGATIVE_INFINITY;
  #scheduler: Scheduler | undefined;

  constructor(options: LimiterOptions, clock: Clock, folder: string) {
    this.#clock = clock;
    this.#onEvent = options.onEvent;
    this.#self = `${ownIdentity()}:${randomBytes(6).toString('hex')}`;
    this.#lock = new FileLock(join(folder, 'lock'), this.#self);
    this.#log = new SharedLog(join(folder, 'log'));
    this.#books = new SharedBooks(options, this.#self);
  }

  /** Wakes a scheduler when others have written. */
  watch(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    this.#watcher = watch(join(this.#log.path, '..'), { persistent: false }, (_event, name) => {
      if (name === 'log' && this.#hasNews()) scheduler.wake();
    });
    this.#watcher.on('error', () => this.#watcher?.close());
  }

  close(): void {
    this.#watcher?.close();
    this.#patrol?.();
    this.#log.close();
  }

  exclusively(action: (books: Books) => void): void {
    if (this.#isInside) action(this.#books);
    else this.#actions.push(action);
    if (!this.#isInside && !this.#isWaitingForLock) this.#enter();
  }

  #hasNews(): boolean {
    try {
      return this.#log.hasNews();
    } catch {
      return true;
    }
  }

  /** Runs all actions under the lock, or tries again in a moment. */
  #enter(): void {
    this.#isWaitingForLock = false;
    this.#failures = 0;
    const isLocked = this.#attempt(() => this.#lock.tryAcquire(this.#clock.now()), true);
    if (!isLocked) {
      this.#isWaitingForLock = true;
      this.#clock.after(LOCK_RETRY_MS * (0.5 + Math.random()), () => this.#enter());
      return;
    }
    this.#isInside = true;
    try {
      this.#attempt(() => this.#readLog(), undefined);
      this.#runActions();
      this.#attempt(() => this.#writeLog(), undefined);
    } finally {
      this.#isInside = false;
      this.#attempt(() => this.#lock.release(), undefined);
    }
    this.#isAlone = this.#failures > 0;
    this.#keepPatrol();
  }

  #runActions(): void {
    const actions = this.#actions;
    this.#actions = [];
    for (const action of actions) action(this.#books);
  }

  /** Files can fail, and the work goes on: the endpoint still says no when it is too much. */
  #attempt<Result>(action: () => Result, otherwise: Result): Result {
    try {
      return action();
    } catch (error) {
      this.#failures += 1;
      if (!this.#isAlone)
        this.#onEvent?.({ type: 'alone', reason: error instanceof Error ? error.message : String(error) });
      this.#isAlone = true;
      return otherwise;
    }
  }

  #readLog(): void {
    const now = this.#clock.now();
    const { isFresh, lines } = this.#log.read();
    const entries = lines.map(readEntry).filter((entry) => entry !== undefined);
    const isAhead = entries.some(({ at }) => at > now + AHEAD_MAX_MS);
    if (isAhead) this.#log.replace([]);
    if (isFresh || isAhead) this.#books.reset();
    if (!isAhead) for (const entry of entries) this.#books.replay(entry);
    if (now - this.#patrolledAt >= PATROL_MS) this.#buryTheDead(now);
  }

  #writeLog(): void {
    this.#log.append(this.#books.takeUnwritten().map((entry) => JSON.stringify(entry)));
    if (this.#log.isTooLong)
      this.#log.replace(this.#books.recall(this.#clock.now()).map((entry) => JSON.stringify(entry)));
  }

  #buryTheDead(now: number): void {
    this.#patrolledAt = now;
    for (const process of this.#books.processes) if (!isRunning(process)) this.#books.bury(process, now);
  }

  /** While somebody waits, looks from time to time whether those that he waits for are still there. */
  #keepPatrol(): void {
    if (this.#patrol !== undefined || !this.#scheduler?.isWaiting) return;
    this.#patrol = this.#clock.after(PATROL_MS, () => {
      this.#patrol = undefined;
      this.#scheduler?.wake();
    });
  }
}

/** A line that was cut by the death of its writer is none. */
function readEntry(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
