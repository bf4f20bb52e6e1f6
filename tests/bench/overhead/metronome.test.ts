/** When the stub upstream sends the chunks of paced streams. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metronome } from '#bench/overhead/time/metronome.js';

test('wakes each one at its own pace, without drifting, until it wants no more', () => {
  let nowUs = 10_000;
  let beat = () => {};
  let isBeating = false;
  const metronome = new Metronome(
    () => nowUs,
    (_, wake) => {
      beat = wake;
      isBeating = true;
      return {
        stop: async () => {
          isBeating = false;
        },
      };
    },
  );
  const woken: string[] = [];
  let fast = 0;
  metronome.add(1_100, () => {
    woken.push(`fast ${nowUs}`);
    fast += 1;
    return fast < 3 ? 1_100 : undefined;
  });
  metronome.add(2_000, () => {
    woken.push(`slow ${nowUs}`);
    return undefined;
  });
  assert.ok(isBeating);
  for (let step = 0; step < 40; step++) {
    nowUs += 100;
    beat();
  }
  // Within a tick of 250 µs: at 11,100, 12,200 and 13,300, and at 12,000.
  assert.deepEqual(woken, ['fast 11000', 'slow 12000', 'fast 12000', 'fast 13300']);
  assert.ok(!isBeating);
});
