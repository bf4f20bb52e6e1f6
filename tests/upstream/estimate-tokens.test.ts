/** Prompts are estimated by their characters, and the engine's own counts correct the estimates. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TokenEstimator, tokensOfText } from '#server/engines/upstream/estimate-tokens.js';
import { createJob, TOOLS } from './support/jobs.js';

const ask = (content: string) => createJob({ request: { messages: [{ role: 'user', content }] } });

describe('an estimate', () => {
  test('counts 0.3 tokens a character, and 0.6 one of Chinese, Japanese or Korean', () => {
    assert.equal(tokensOfText('x'.repeat(1000)), 300);
    assert.equal(tokensOfText('字'.repeat(1000)), 600);
    assert.equal(tokensOfText('é字'), 0.3 + 0.6);
  });

  test('of a long text is that of all of its characters within three in a hundred, and always the same', () => {
    const sentences = [
      '网关每次转发都要读完整个请求，然后才知道该做什么。',
      'What is measured twice is measured better. ',
    ];
    const patterns = [...sentences, sentences.join(''), '字x', '字字字x', '字 of 7 '].map((text) => text.repeat(300));
    for (const text of patterns) {
      const ideographs = [...text].filter((character) => character >= '\u2e80').length;
      const exact = ideographs * 0.6 + (text.length - ideographs) * 0.3;
      assert.ok(Math.abs(tokensOfText(text) / exact - 1) < 0.03, text.slice(0, 20));
      assert.equal(tokensOfText(text), tokensOfText(text));
    }
  });

  test('includes tools, calls and images', () => {
    const plain = new TokenEstimator().estimate(ask('Hi'));
    const request = createJob({ request: { messages: [{ role: 'user', content: 'Hi' }], tools: TOOLS } });
    assert.ok(new TokenEstimator().estimate(request) > plain + 10);
    const image = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,AAAA' } };
    const seen = createJob({
      request: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }, image] }] },
    });
    assert.equal(new TokenEstimator().estimate(seen), plain + 1000);
  });

  test('follows what the engine counts', () => {
    const estimator = new TokenEstimator();
    const request = ask('x'.repeat(10_000));
    const first = estimator.estimate(request);
    estimator.observe(estimator.rawOf(request), first * 2);
    assert.equal(estimator.estimate(request), first * 2);
    for (let turn = 0; turn < 100; turn++) estimator.observe(estimator.rawOf(ask('y'.repeat(10_000))), first);
    assert.ok(Math.abs(estimator.estimate(request) - first) < first / 100);
  });

  test('does not follow counts that cannot be of this prompt', () => {
    const estimator = new TokenEstimator();
    const first = estimator.estimate(ask('x'.repeat(1000)));
    estimator.observe(estimator.rawOf(ask('x'.repeat(1000))), 0);
    assert.equal(estimator.estimate(ask('x'.repeat(1000))), first);
    estimator.observe(estimator.rawOf(ask('x'.repeat(1000))), 1_000_000);
    assert.ok(estimator.estimate(ask('x'.repeat(1000))) <= first * 4 + 1);
  });
});
