/** Random lives of a limiter, and how to play them. */

import fc from 'fast-check';
import type { Admission, Headroom, HeadroomQuestion, Limiter, Limits, Permit, Refusal } from '#server/limits/index.js';
import { ManualTime } from './manual-time.js';
import type { Verdict } from './oracle.js';

/** The scopes of every trace, in pairs that share the account. */
export const SCOPES = ['account', 'account/model', 'key one', 'key two'] as const;
const STEPS_MAX = 40;

export type Step =
  | { readonly kind: 'pass'; readonly ms: number }
  /** The clock of the machine is set back; no time passes. */
  | { readonly kind: 'setBack'; readonly ms: number }
  | { readonly kind: 'admit'; readonly scopes: readonly string[]; readonly tokens: number }
  /** Settles one of the requests that run, if there is any. */
  | { readonly kind: 'settle'; readonly which: number; readonly tokens: number }
  /** Other limits hold for a scope from its next admission on. */
  | { readonly kind: 'change'; readonly scope: string; readonly limits: Limits };

export interface Trace {
  readonly limits: ReadonlyMap<string, Limits>;
  readonly steps: readonly Step[];
}

/**
 * Small limits, so that they are reached; times around the length of the window; usage under, at and far over what was
 * reserved.
 */
export function traces(): fc.Arbitrary<Trace> {
  return fc.record({
    limits: fc.tuple(...SCOPES.map(limits)).map((each) => new Map(SCOPES.map((id, index) => [id, each[index]!]))),
    steps: fc.array(step(), { minLength: 5, maxLength: STEPS_MAX, size: 'max' }),
  });
}

function limits(): fc.Arbitrary<Limits> {
  const upTo = (max: number) =>
    fc.oneof(
      { weight: 30, arbitrary: fc.integer({ min: 1, max }) },
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constant(0) },
    );
  return fc.record({ requestsPerMinute: upTo(6), tokensPerMinute: upTo(30), concurrentRequests: upTo(8) });
}

function step(): fc.Arbitrary<Step> {
  const admit = fc.record({
    kind: fc.constant('admit' as const),
    scopes: fc.subarray([...SCOPES], { minLength: 1 }),
    tokens: fc.integer({ min: 0, max: 12 }),
  });
  const settle = fc.record({
    kind: fc.constant('settle' as const),
    which: fc.nat(),
    tokens: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 90 })),
  });
  const pass = fc.record({
    kind: fc.constant('pass' as const),
    ms: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 3 }) },
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
      { weight: 2, arbitrary: fc.integer({ min: 59_998, max: 60_002 }) },
      { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 400_000 }) },
    ),
  });
  const setBack = fc.record({ kind: fc.constant('setBack' as const), ms: fc.integer({ min: 1, max: 4_000_000 }) });
  const change = fc.record({
    kind: fc.constant('change' as const),
    scope: fc.constantFrom(...SCOPES),
    limits: limits(),
  });
  return fc.oneof(
    { weight: 6, arbitrary: admit },
    { weight: 3, arbitrary: settle },
    { weight: 4, arbitrary: pass },
    { weight: 1, arbitrary: setBack },
    { weight: 1, arbitrary: change },
  );
}

/** A limiter in the middle of a trace. */
export class Player {
  readonly time = new ManualTime();
  readonly #limiter: Limiter;
  /** Those that hold now. */
  readonly #limits: Map<string, Limits>;
  /** The requests that run, with the numbers of the steps that admitted them. */
  readonly running: { readonly name: number; readonly permit: Permit }[] = [];

  constructor(limits: Trace['limits'], open: (time: ManualTime) => Limiter) {
    this.#limits = new Map(limits);
    this.#limiter = open(this.time);
  }

  admission({ scopes, tokens }: Step & { kind: 'admit' }): Admission {
    return { account: 'account', scopes: scopes.map((id) => ({ id, limits: this.#limits.get(id)! })), tokens };
  }

  async admit(step: Step & { kind: 'admit' }, name: number): Promise<Permit | Refusal> {
    const decision = await this.#limiter.admit(this.admission(step));
    if (decision.admitted) this.running.push({ name, permit: decision });
    return decision;
  }

  /** The headroom of a scope, or of all of them. */
  async peek(scope?: string): Promise<Headroom> {
    return this.#limiter.peek(this.headroomQuestion(scope));
  }

  headroomQuestion(scope?: string): HeadroomQuestion {
    const scopes = [...this.#limits].map(([id, limits]) => ({ id, limits }));
    return { account: 'account', scopes: scope === undefined ? scopes : scopes.filter(({ id }) => id === scope) };
  }

  /** Returns the name of the request that was settled. */
  async settle({ which, tokens }: Step & { kind: 'settle' }): Promise<number | undefined> {
    const [request] = this.running.splice(which % this.running.length, 1);
    await request?.permit.settle(tokens);
    return request?.name;
  }

  /** Plays a step without looking at its outcome. */
  async play(step: Step, name: number): Promise<void> {
    if (step.kind === 'pass') this.time.reading += step.ms;
    if (step.kind === 'setBack') this.time.reading -= step.ms;
    if (step.kind === 'change') this.#limits.set(step.scope, step.limits);
    if (step.kind === 'admit') await this.admit(step, name);
    if (step.kind === 'settle') await this.settle(step);
  }
}

/** A decision in the words of the oracle. */
export function toVerdict(decision: Permit | Refusal): Verdict {
  if (decision.admitted) return { admitted: true, ...decision.headroom };
  const { limit, scope, never, headroom } = decision;
  return { admitted: false, limit, scope, retryAfterMs: never ? undefined : decision.retryAfterMs, ...headroom };
}
