/**
 * Whatever happens to a request, and whenever: what it held is given back. With room for one request alone, the next one
 * only gets through when nothing of those before it is left.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createKit, type KitOptions } from '#client/index.js';
import { FAULTS, type FaultyDeepSeek, startFaultyDeepSeek } from '../../support/client/faulty-deepseek.js';

/** Moments to leave at, in turns of the event loop: a request to a server on this machine has some twenty. */
const MOMENTS = 40;

let server: FaultyDeepSeek;
before(async () => {
  server = await startFaultyDeepSeek();
});
after(() => server.close());

function kitFor(options: KitOptions = {}) {
  return createKit({
    baseURL: `${server.origin}/v1`,
    limits: { concurrency: 1 },
    retry: { baseMs: 1, capMs: 2 },
    breaker: { openMs: 1 },
    ...options,
  });
}

type Kit = ReturnType<typeof kitFor>;

const ask = (kit: Kit, stream: boolean, signal?: AbortSignal) =>
  kit.fetch(`${kit.baseUrl}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'far', messages: [{ role: 'user', content: 'Hi' }], stream }),
    ...(signal === undefined ? {} : { signal }),
  });

const turn = () => new Promise(setImmediate);

async function assertNothingIsHeld(kit: Kit): Promise<void> {
  const response = await ask(kit, false);
  await response.text();
  // 429 is how the kit says that nobody could go before the deadline.
  assert.notEqual(response.status, 429);
  for (const { inFlight, waiting } of kit.report().limiters) assert.deepEqual([inFlight, waiting], [0, 0]);
}

for (const stream of [false, true]) {
  describe(stream ? 'a stream' : 'a buffered request', () => {
    test('can be left at any moment', async () => {
      const kit = kitFor();
      for (let moment = 0; moment < MOMENTS; moment++) {
        const controller = new AbortController();
        const outcome = ask(kit, stream, controller.signal)
          .then((response) => response.text())
          .catch((error: unknown) => error);
        for (let passed = 0; passed < moment; passed++) await turn();
        controller.abort(new Error('left'));
        const came = await outcome;
        assert.ok(typeof came === 'string' || (came instanceof Error && came.message === 'left'), String(came));
        await assertNothingIsHeld(kit);
      }
    });

    test('can be left after any number of its pieces', async () => {
      const kit = kitFor();
      for (let pieces = 0; pieces < 12; pieces++) {
        const reader = (await ask(kit, stream)).body!.getReader();
        for (let read = 0; read < pieces; read++) await reader.read();
        await reader.cancel();
        await assertNothingIsHeld(kit);
      }
    });

    test('can wait in line for another one and be left there', async () => {
      const kit = kitFor();
      const first = ask(kit, stream);
      const controller = new AbortController();
      const waiting = Array.from({ length: 5 }, () => ask(kit, stream, controller.signal).catch(() => undefined));
      await turn();
      controller.abort();
      await Promise.all(waiting);
      await (await first).text();
      await assertNothingIsHeld(kit);
    });

    for (const fault of Object.keys(FAULTS)) {
      test(`can fail for good: ${fault}`, async (context) => {
        const broken = await startFaultyDeepSeek([fault]);
        context.after(() => broken.close());
        const kit = kitFor({ baseURL: `${broken.origin}/v1`, retry: { maxAttempts: 1, deadlineMs: 2000 } });
        for (let time = 0; time < 4; time++) await (await ask(kit, stream)).text();
        await assertNothingIsHeld(kit);
      });
    }
  });
}
