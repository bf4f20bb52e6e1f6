/** How much is reserved for a request, and how what is usual is learned. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AnswerLengths, reserveTokens } from '#server/limits/index.js';

describe('reservation', () => {
  const scopes = [{ id: 'account', limits: { tokensPerMinute: 10_000 } }];
  const request = { promptTokens: 100, mostAnswerTokens: 8000, typicalAnswerTokens: undefined, scopes };

  test('is the prompt and the most that the answer may cost', () => {
    assert.equal(reserveTokens({ ...request, maxTokens: 50 }), 150);
    assert.equal(reserveTokens({ ...request, maxCompletionTokens: 60 }), 160);
  });

  test('takes the smaller of two limits for the answer', () => {
    assert.equal(reserveTokens({ ...request, maxTokens: 1, maxCompletionTokens: 5000 }), 101);
    assert.equal(reserveTokens({ ...request, maxTokens: 5000, maxCompletionTokens: 1 }), 101);
  });

  test('counts at least one token for an answer', () => {
    assert.equal(reserveTokens({ ...request, typicalAnswerTokens: 0 }), 101);
    assert.equal(reserveTokens({ ...request, promptTokens: 20_000 }), 20_001);
  });

  test('is no more than the model can answer', () => {
    assert.equal(reserveTokens({ ...request, maxTokens: 1_000_000 }), 8100);
    assert.equal(reserveTokens({ ...request, typicalAnswerTokens: 9000 }), 8100);
  });

  test('takes what is usual when the request sets no limit', () => {
    assert.equal(reserveTokens({ ...request, typicalAnswerTokens: 321 }), 421);
  });

  test('takes a fixed guess while nothing is known, and at most a quarter of the smallest limit', () => {
    assert.equal(reserveTokens(request), 1124);
    const small = [...scopes, { id: 'key', limits: { tokensPerMinute: 2000 } }];
    assert.equal(reserveTokens({ ...request, scopes: small }), 600);
    assert.equal(reserveTokens({ ...request, scopes: [{ id: 'account', limits: {} }] }), 1124);
  });

  test('that is only an estimate always fits an empty window where the prompt leaves room for an answer', () => {
    const tokens = fc.integer({ min: 1, max: 10_000 });
    fc.assert(
      fc.property(tokens, tokens, fc.option(tokens, { nil: undefined }), (limit, promptTokens, typicalAnswerTokens) => {
        fc.pre(promptTokens < limit);
        const limited = [{ id: 'account', limits: { tokensPerMinute: limit } }];
        const reserved = reserveTokens({ ...request, promptTokens, typicalAnswerTokens, scopes: limited });
        assert.ok(reserved <= limit && reserved > promptTokens && Number.isInteger(reserved), `${reserved}`);
      }),
    );
  });
});

describe('usual length of answers', () => {
  test('is unknown before the first answer', () => {
    assert.equal(new AnswerLengths().typical('account', 'model'), undefined);
  });

  test('is what nine in ten recent answers do not exceed', () => {
    const lengths = new AnswerLengths();
    for (let tokens = 1; tokens <= 20; tokens++) lengths.observe('account', 'model', tokens * 10);
    assert.equal(lengths.typical('account', 'model'), 180);
  });

  test('follows what is usual now', () => {
    const lengths = new AnswerLengths();
    for (let index = 0; index < 100; index++) lengths.observe('account', 'model', 5000);
    for (let index = 0; index < 32; index++) lengths.observe('account', 'model', 20);
    assert.equal(lengths.typical('account', 'model'), 20);
  });

  test('is one for each account and model', () => {
    const lengths = new AnswerLengths();
    lengths.observe('account', 'model', 10);
    assert.equal(lengths.typical('account', 'another'), undefined);
    assert.equal(lengths.typical('another', 'model'), undefined);
  });

  test('forgets whoever answered longest ago when there are too many', () => {
    const lengths = new AnswerLengths();
    for (let index = 0; index < 10_000; index++) lengths.observe(`account ${index}`, 'model', 10);
    lengths.observe('account 0', 'model', 10);
    lengths.observe('one more', 'model', 10);
    assert.equal(lengths.typical('account 0', 'model'), 10);
    assert.equal(lengths.typical('account 1', 'model'), undefined);
    assert.equal(lengths.typical('account 2', 'model'), 10);
  });
});
