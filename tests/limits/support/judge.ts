/** Plays traces on a limiter and on the oracle side by side, and says where the limiter is wrong. */
import assert from 'node:assert/strict';
import type { Limiter } from '#server/limits/index.js';
import type { ManualTime } from './manual-time.js';
import { Oracle, type OracleWindow } from './oracle.js';
import { Player, SCOPES, type Step, type Trace, toVerdict } from './traces.js';

export type OpenLimiter = (time: ManualTime) => Limiter;

/**
 * Fails unless every decision is that of the oracle, no span of 60 s is over a limit, and what is left is what the oracle
 * says after every step; to the oracle being asked what is left makes no difference.
 */
export async function judge({ limits, steps }: Trace, open: OpenLimiter): Promise<void> {
  const player = new Player(limits, open);
  const oracle = new Oracle(player.time.now());
  let lastReading = player.time.now();
  /** The limiter's time goes on by what its clock went on since it last looked. */
  const passed = () => Math.max(0, player.time.now() - lastReading);
  const follow = () => {
    oracle.pass(passed());
    lastReading = player.time.now();
  };
  for (const [name, step] of steps.entries()) {
    if (step.kind === 'admit') {
      follow();
      const verdict = oracle.admit(player.admission(step), name);
      assert.deepEqual(toVerdict(await player.admit(step, name)), verdict, `step ${name}`);
    } else if (step.kind === 'settle' && player.running.length > 0) {
      follow();
      oracle.settle((await player.settle(step))!, step.tokens);
    } else await player.play(step, name);
    for (const scope of [undefined, SCOPES[name % SCOPES.length]]) {
      const headroom = oracle.peek(player.headroomQuestion(scope), passed());
      assert.deepEqual(await player.peek(scope), headroom, `left of ${scope ?? 'all'} after step ${name}`);
    }
  }
  for (const window of oracle.windows) requireWithinLimit(window);
}

/** Fails unless every refused request is still refused 1 ms before `retryAfterMs`, and admitted then. */
export async function judgeRetries({ limits, steps }: Trace, open: OpenLimiter): Promise<number> {
  let retries = 0;
  for (const [name, step] of steps.entries()) {
    if (step.kind !== 'admit') continue;
    const refusal = await replay({ limits, steps: steps.slice(0, name) }, step, 0, open);
    if (refusal.admitted || refusal.never || refusal.limit === 'concurrency') continue;
    const before = await replay({ limits, steps: steps.slice(0, name) }, step, refusal.retryAfterMs - 1, open);
    assert.ok(!before.admitted, `step ${name}: admitted 1 ms before it should be`);
    const then = await replay({ limits, steps: steps.slice(0, name) }, step, refusal.retryAfterMs, open);
    if (!then.admitted) assert.equal(then.limit, 'concurrency', `step ${name}: refused when it should be admitted`);
    retries += 1;
  }
  return retries;
}

/** Plays steps, lets time pass, and asks. The limiter looks at its clock before, as it did when it refused. */
async function replay({ limits, steps }: Trace, last: Step & { kind: 'admit' }, passMs: number, open: OpenLimiter) {
  const player = new Player(limits, open);
  for (const [name, step] of steps.entries()) await player.play(step, name);
  if (passMs > 0) await player.admit(last, steps.length);
  player.time.reading += passMs;
  return player.admit(last, steps.length);
}

/**
 * No half-open span of 60 s that ends with a booking holds more than the limit of that time; spans that end elsewhere hold
 * no more than one of these.
 */
function requireWithinLimit(window: OracleWindow): void {
  const { bookings } = window;
  for (const { at } of bookings) {
    const limit = Math.max(...bookings.filter((booking) => booking.at === at).map((booking) => booking.limit));
    assert.ok(window.amountIn(at) <= limit, `${window.amountIn(at)} of ${limit} at ${at}`);
  }
}
