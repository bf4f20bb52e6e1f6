import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decideThinking, type ThinkingWish } from '#server/catalog/thinking.js';

const CHAT = { thinking: 'disabled' } as const;
const REASONER = { thinking: 'enabled' } as const;

describe('whether a request is answered with reasoning', () => {
  test('is the default of the model when the request does not say, or says null', () => {
    for (const wish of [
      {},
      { thinking: null },
      { reasoning_effort: null },
      { thinking: null, reasoning_effort: null },
    ]) {
      assert.equal(decideThinking(CHAT, wish), false);
      assert.equal(decideThinking(REASONER, wish), true);
    }
  });

  test('is what reasoning_effort says: off for none, on for every other level', () => {
    const levels = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'] as const;
    for (const level of levels) assert.equal(decideThinking(CHAT, { reasoning_effort: level }), true, level);
    assert.equal(decideThinking(REASONER, { reasoning_effort: 'none' }), false);
  });

  test('is what thinking says, whatever reasoning_effort says', () => {
    const wishes: [ThinkingWish, boolean][] = [
      [{ thinking: { type: 'enabled' }, reasoning_effort: 'none' }, true],
      [{ thinking: { type: 'adaptive' }, reasoning_effort: 'none' }, true],
      [{ thinking: { type: 'disabled' }, reasoning_effort: 'max' }, false],
    ];
    for (const [wish, expected] of wishes) {
      assert.equal(decideThinking(CHAT, wish), expected);
      assert.equal(decideThinking(REASONER, wish), expected);
    }
  });
});
