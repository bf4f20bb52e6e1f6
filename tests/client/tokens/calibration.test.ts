/** What a counter learns from reports of an endpoint. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createEstimator, estimateChat } from '#client/index.js';
import { createRandom } from './support/corpus.js';
import { CHINESE, ENGLISH } from './support/prose.js';

const MODEL = 'deepseek-flash';

/** A request with a prompt of some length. */
function request(times: number, model = MODEL) {
  return { model, messages: [{ role: 'user', content: 'What is the height of the tower? '.repeat(times) }] };
}

/** An endpoint whose vocabulary needs a quarter more tokens and whose template adds 70. */
const report = (body: unknown) => Math.round(estimateChat(body) * 1.25 + 70);

describe('a counter', () => {
  test('counts as estimated while nothing has been reported', () => {
    assert.equal(createEstimator().countRequest(request(10)), estimateChat(request(10)));
  });

  test('is within 3 % after 12 reports, for short prompts and long ones', () => {
    const counter = createEstimator();
    const random = createRandom(1);
    for (let index = 0; index < 12; index++) {
      const body = request(1 + Math.floor(random() ** 3 * 400));
      counter.learn(MODEL, counter.countRequest(body), report(body));
    }
    for (const times of [1, 5, 30, 200, 1000]) {
      const error = counter.countRequest(request(times)) / report(request(times)) - 1;
      assert.ok(Math.abs(error) < 0.03, `${times}: ${(error * 100).toFixed(1)} %`);
    }
  });

  test('learns once from each report when many requests were counted before the first one', () => {
    const counter = createEstimator();
    const bodies = Array.from({ length: 200 }, (_, index) => request(1 + index));
    const counted = bodies.map((body) => counter.countRequest(body));
    bodies.forEach((body, index) => {
      counter.learn(MODEL, counted[index]!, report(body));
    });
    const error = counter.countRequest(request(50)) / report(request(50)) - 1;
    assert.ok(Math.abs(error) < 0.02, `${(error * 100).toFixed(1)} %`);
  });

  test('follows an endpoint that has changed', () => {
    const counter = createEstimator();
    const teach = (factor: number) => {
      for (let times = 1; times <= 150; times++)
        counter.learn(MODEL, counter.countRequest(request(times)), estimateChat(request(times)) * factor);
    };
    teach(0.7);
    teach(1.4);
    const error = counter.countRequest(request(40)) / (estimateChat(request(40)) * 1.4) - 1;
    assert.ok(Math.abs(error) < 0.1, `${(error * 100).toFixed(1)} %`);
  });

  test('is close on mixed prose after some reports that do not follow a line', () => {
    const counter = createEstimator();
    const random = createRandom(3);
    let worst = 0;
    for (let index = 0; index < 60; index++) {
      const content = (random() < 0.5 ? CHINESE : ENGLISH).slice(0, 50 + random() * 700);
      const body = { model: MODEL, messages: [{ role: 'user', content }] };
      const actual = Math.round(estimateChat(body) * (1.1 + 0.06 * (random() - 0.5))) + 26;
      const counted = counter.countRequest(body);
      if (index >= 20) worst = Math.max(worst, Math.abs(counted / actual - 1));
      counter.learn(MODEL, counted, actual);
    }
    assert.ok(worst < 0.06, `${(worst * 100).toFixed(1)} %`);
  });

  test('keeps what it learns of one model from another', () => {
    const counter = createEstimator();
    for (let times = 1; times < 30; times++)
      counter.learn(MODEL, counter.countRequest(request(times)), report(request(times)));
    assert.equal(counter.countRequest(request(20, 'other')), estimateChat(request(20, 'other')));
  });

  test('forgets the model that was used longest ago when there are too many', () => {
    const counter = createEstimator();
    const body = request(20, 'first');
    for (let time = 0; time < 20; time++) counter.learn('first', counter.countRequest(body), 1000);
    assert.notEqual(counter.countRequest(body), estimateChat(body));
    for (let index = 0; index < 64; index++) counter.countRequest(request(1, `model-${index}`));
    assert.equal(counter.countRequest(body), estimateChat(body));
  });

  test('passes over reports that cannot be, and stays within bounds for those that are absurd', () => {
    const counter = createEstimator();
    const body = request(20);
    for (const actual of [Number.NaN, -5, 0, Number.POSITIVE_INFINITY])
      counter.learn(MODEL, counter.countRequest(body), actual);
    assert.equal(counter.countRequest(body), estimateChat(body));
    for (let time = 0; time < 100; time++) counter.learn(MODEL, counter.countRequest(body), 1e9);
    assert.ok(counter.countRequest(body) <= 4 * estimateChat(body) + 8192);
    for (let time = 0; time < 2000; time++) counter.learn(MODEL, counter.countRequest(body), 1);
    assert.ok(counter.countRequest(body) >= 0);
  });
});
