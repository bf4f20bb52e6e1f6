/** The limiter of a single process: exact, synchronous, and forgetful of whoever is idle. */
import type { Clock } from '../observe/clock.js';
import { headroomOf, tightest } from './headroom.js';
import {
  type Admission,
  type Headroom,
  type HeadroomQuestion,
  LIMIT_KINDS,
  type Limiter,
  type LimitKind,
  type Permit,
  type Refusal,
  requireTokens,
  type Scope,
} from './limiter.js';
import { RollingWindow } from './rolling-window.js';
import { ScopeUsage } from './scope-usage.js';
import { SteadyClock } from './steady-clock.js';

/** How many remembered scopes are looked at for every admission, to forget those that are idle. */
const LOOKS_PER_ADMISSION = 1;
/** How many more for each scope that it brings: more than one, so that idle ones go faster than new ones can come. */
const LOOKS_PER_NEW_SCOPE = 2;
/** How many are looked at in one go, since what costs is to fetch them from memory: most admissions look at none. */
const LOOKS_AT_ONCE = 8;

/** Keeps only the scopes that have something booked, owed or running; a scope takes a few hundred bytes. */
export class MemoryLimiter implements Limiter {
  readonly #clock: SteadyClock;
  readonly #usages = new Map<string, ScopeUsage>();
  /** Where the round through all scopes is. */
  #round = this.#usages.entries();
  #looksDue = 0;

  constructor(clock: Clock) {
    this.#clock = new SteadyClock(clock);
  }

  /** How many scopes are remembered. */
  get size(): number {
    return this.#usages.size;
  }

  /** Decides at once. */
  admit({ scopes, tokens }: Admission): MemoryPermit | Refusal {
    requireTokens(tokens);
    const now = this.#clock.now();
    const sizeBefore = this.#usages.size;
    const usages = scopes.map((scope) => this.#open(scope, now));
    const refusal = findRefusal(scopes, usages, tokens, now);
    if (refusal === undefined) for (const usage of usages) usage.take(tokens, now);
    this.#looksDue += LOOKS_PER_ADMISSION + LOOKS_PER_NEW_SCOPE * (this.#usages.size - sizeBefore);
    if (this.#looksDue >= LOOKS_AT_ONCE) this.#forgetIdle(now);
    return refusal ?? new MemoryPermit({ scopes, usages, tokens, takenAt: now, clock: this.#clock });
  }

  /** Answers at once. A scope that is not remembered does not become one that is. */
  peek({ scopes }: HeadroomQuestion): Headroom {
    const now = this.#clock.peek();
    const windows = scopes.map(({ id, limits }) => {
      const window = this.#usages.get(id)?.copy() ?? new RollingWindow();
      window.prepare(limits, now);
      return window;
    });
    return readHeadroom(windows, now);
  }

  #open({ id, limits }: Scope, now: number): ScopeUsage {
    let usage = this.#usages.get(id);
    if (usage === undefined) {
      usage = new ScopeUsage();
      this.#usages.set(id, usage);
    }
    usage.prepare(limits, now);
    return usage;
  }

  /** Goes on in the round through all scopes, so that no admission pays for all of them. */
  #forgetIdle(now: number): void {
    for (; this.#looksDue > 0; this.#looksDue--) {
      const { done, value } = this.#round.next();
      if (done) this.#round = this.#usages.entries();
      else if (value[1].isIdle(now)) this.#usages.delete(value[0]);
    }
  }
}

interface Obstacle {
  readonly waitMs: number;
  readonly limit: LimitKind;
  readonly scope: string;
}

/** Says what keeps a request out longest; undefined when it fits. */
function findRefusal(
  scopes: readonly Scope[],
  usages: readonly ScopeUsage[],
  tokens: number,
  now: number,
): Refusal | undefined {
  let longest: Obstacle | undefined;
  for (let index = 0; index < usages.length; index++) {
    const usage = usages[index]!;
    for (const limit of LIMIT_KINDS) {
      const waitMs = usage.waitMs(limit, tokens, now);
      if (waitMs > (longest?.waitMs ?? 0)) longest = { waitMs, limit, scope: scopes[index]!.id };
    }
  }
  if (longest === undefined) return undefined;
  const { waitMs, limit, scope } = longest;
  const reason = { admitted: false, limit, scope, headroom: readHeadroom(usages, now) } as const;
  return waitMs === Number.POSITIVE_INFINITY
    ? { ...reason, never: true }
    : { ...reason, never: false, retryAfterMs: waitMs };
}

function readHeadroom(usages: readonly RollingWindow[], now: number): Headroom {
  const [first] = usages;
  if (first !== undefined && usages.length === 1) {
    return headroomOf(first.gauge('requests', now), first.gauge('tokens', now));
  }
  return tightest(
    usages.map((usage) => usage.gauge('requests', now)),
    usages.map((usage) => usage.gauge('tokens', now)),
  );
}

interface Taken {
  readonly scopes: readonly Scope[];
  /** In the order of the scopes. */
  readonly usages: readonly ScopeUsage[];
  readonly tokens: number;
  readonly takenAt: number;
  readonly clock: Clock;
}

/** A permit that is settled at once. */
export class MemoryPermit implements Permit {
  readonly admitted = true;
  readonly headroom: Headroom;
  #taken: Taken | undefined;

  constructor(taken: Taken) {
    this.headroom = readHeadroom(taken.usages, taken.takenAt);
    this.#taken = taken;
  }

  settle(actualTokens: number): void {
    requireTokens(actualTokens);
    if (this.#taken === undefined) return;
    const { scopes, usages, tokens, takenAt, clock } = this.#taken;
    this.#taken = undefined;
    const now = clock.now();
    for (const [index, usage] of usages.entries()) {
      usage.settle(scopes[index]!.limits, takenAt, tokens, actualTokens, now);
    }
  }
}
