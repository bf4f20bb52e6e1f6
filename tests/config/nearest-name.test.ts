import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nearestName } from '#server/config/nearest-name.js';

const NAMES = ['host', 'port', 'model', 'models', 'strict_models', 'engine', 'http', 'log'];

describe('the nearest name', () => {
  const cases: [string, string | undefined][] = [
    ['modles', 'models'],
    ['hsot', 'host'],
    ['prot', 'port'],
    ['Port', 'port'],
    ['strict-models', 'strict_models'],
    ['strictModels', 'strict_models'],
    ['engin', 'engine'],
    ['lgo', 'log'],
    ['temperature', undefined],
    ['', undefined],
    ['x'.repeat(1000), undefined],
  ];
  for (const [wrong, right] of cases) {
    test(`to \`${wrong.slice(0, 20)}\` is ${right ?? 'none'}`, () => {
      assert.equal(nearestName(wrong, NAMES), right);
    });
  }

  test('is found for every name with one letter wrong, missing, doubled or swapped', () => {
    const names = ['context_tokens', 'prefill_tokens', 'keep_alive_interval_s', 'body_limit_bytes'];
    const mistake = fc.record({
      name: fc.constantFrom(...names),
      kind: fc.constantFrom('wrong', 'missing', 'doubled', 'swapped'),
      place: fc.nat(),
    });
    fc.assert(
      fc.property(mistake, ({ name, kind, place }) => {
        const at = place % (name.length - 1);
        const [before, letter, after] = [name.slice(0, at), name[at]!, name.slice(at + 1)];
        const misspelt = {
          wrong: `${before}q${after}`,
          missing: before + after,
          doubled: before + letter + letter + after,
          swapped: before + after[0] + letter + after.slice(1),
        }[kind];
        assert.equal(nearestName(misspelt!, names), name);
      }),
    );
  });

  test('is the first one among equally near names', () => {
    assert.equal(nearestName('pat', ['put', 'pot']), 'put');
  });
});
