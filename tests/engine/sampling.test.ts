/** Which sampling settings of a request count, and as what. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChatRequest } from '@plumb/wire';
import { readSampling } from '#llama/generation/sampling.js';

function read(fields: Partial<ChatRequest>, thinking = false) {
  return readSampling({ model: 'm', messages: [], ...fields }, thinking);
}

describe('the sampling settings of a request', () => {
  test('are the defaults of the API where they are absent or null', () => {
    const defaults = { temperature: 0.3, topP: 1, seed: undefined, frequencyPenalty: 0, presencePenalty: 0 };
    assert.deepEqual(read({}), defaults);
    const nulls = { temperature: null, top_p: null, seed: null, frequency_penalty: null, presence_penalty: null };
    assert.deepEqual(read(nulls), defaults);
  });

  test('map the temperature as the hosted API does', () => {
    const cases = [
      [0, 0],
      [0.5, 0.15],
      [1, 0.3],
      [1.3, 0.6],
      [1.5, 0.8],
      [2, 1.3],
    ] as const;
    for (const [api, model] of cases) assert.ok(Math.abs(read({ temperature: api }).temperature - model) < 1e-9);
  });

  test('take a temperature next to 0 for 0', () => {
    assert.equal(read({ temperature: 1e-9 }).temperature, 0);
    assert.equal(read({ temperature: 0.002 }).temperature, 0);
  });

  test('count without thinking', () => {
    const fields = { top_p: 0.5, seed: 7, frequency_penalty: 1, presence_penalty: -1 };
    const { temperature, ...others } = read(fields);
    assert.equal(temperature, 0.3);
    assert.deepEqual(others, { topP: 0.5, seed: 7, frequencyPenalty: 1, presencePenalty: -1 });
  });

  test('do not count while thinking, but for the seed, a high top_p and temperature 0', () => {
    const fields = { temperature: 2, top_p: 0.5, seed: 7, frequency_penalty: 1, presence_penalty: 1 };
    const fixed = { temperature: 0.6, topP: 0.95, seed: 7, frequencyPenalty: 0, presencePenalty: 0 };
    assert.deepEqual(read(fields, true), fixed);
    assert.equal(read({ top_p: 0.99 }, true).topP, 0.99);
    assert.equal(read({ temperature: 0 }, true).temperature, 0);
  });
});
