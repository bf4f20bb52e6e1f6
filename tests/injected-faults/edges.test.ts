/** Faults beside the rest of the server: the header, the refusals in their words, idempotency, other endpoints, full clients. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FAULT_STATUSES } from '#server/faults/fault-settings.js';
import { load } from '../config/support/load.js';
import { CHAT, contentOf, eventsOf, type Faulty, startFaulty } from './support/faulty.js';
import { PIECES, WHOLE } from './support/talking-engine.js';

const ALLOWED = { settings: { faults: { allow_header: true, rules: {} } } };

describe('the header of a request', () => {
  test('means nothing unless the operator allows it', async (context) => {
    const { send } = await startFaulty(context);
    const { status, headers } = await send(CHAT, { headers: { 'x-plumb-fault': 'status; status=503' } });
    assert.deepEqual([status, headers['x-plumb-fault']], [200, undefined]);
  });

  test('asks for a fault, and the answer says so', async (context) => {
    const { send, plumb } = await startFaulty(context, ALLOWED);
    const ask = (fault: string, stream = false) => send({ ...CHAT, stream }, { headers: { 'x-plumb-fault': fault } });
    const refused = await ask('status; status=429; retry_after_s=1.5');
    assert.deepEqual(
      [refused.status, refused.headers['retry-after'], refused.headers['x-plumb-fault']],
      [429, '2', 'header'],
    );
    const cut = await ask(' cut ;after=2; how=close;', true);
    assert.deepEqual([contentOf(cut), cut.isWhole], [PIECES.slice(0, 2).join(''), false]);
    assert.equal((await send(CHAT)).status, 200);
    assert.equal(plumb.lines.find(({ status }) => status === 429)?.fault, 'header');
  });

  test('asks for nothing that its answer cannot have', async (context) => {
    const { send } = await startFaulty(context, ALLOWED);
    const { status, headers } = await send(CHAT, { headers: { 'x-plumb-fault': 'missing_done' } });
    assert.deepEqual([status, headers['x-plumb-fault']], [200, undefined]);
  });

  const WRONG = {
    '': /`fault` must be `status`, .* not ""/,
    stattus: /not "stattus"; did you mean `status`\?/,
    'status; status=418': /`status` must be `400`, .* or `504`, not "418"/,
    status: /`status` needs `status`/,
    'cut; afterr=3': /it has no "afterr"; did you mean `after`\?/,
    'cut; after=many': /`after` must be an integer from 0/,
    'cut; bytes_per_s=3': /`bytes_per_s` is nothing that `cut` has: leave it out \(it has after, how, delay_s\)/,
    'cut; probability=1': /it has no "probability"/,
  };
  for (const [value, message] of Object.entries(WRONG)) {
    test(`that cannot be read is 400: ${value === '' ? 'an empty one' : value}`, async (context) => {
      const { send, engine } = await startFaulty(context, ALLOWED);
      const { status, body } = await send(CHAT, { headers: { 'x-plumb-fault': value } });
      assert.equal(status, 400);
      assert.match(JSON.parse(body).error.message, message);
      assert.equal(engine.generations, 0);
    });
  }
});

describe('a refusal', () => {
  const statusesOf = async (context: TestContext, settings: Record<string, unknown> = {}) => {
    const { send, add, faults, plumb } = await startFaulty(context, { settings });
    const answers = [];
    for (const status of FAULT_STATUSES) {
      add({ fault: 'status', status });
      answers.push(await send(CHAT));
      faults.clear();
    }
    return { answers, plumb };
  };

  test('has the status, and the words of the API', async (context) => {
    const { answers, plumb } = await statusesOf(context);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [...FAULT_STATUSES],
    );
    const bodies = Object.fromEntries(answers.map(({ status, body }) => [status, body]));
    assert.equal(
      bodies[429],
      '{"error":{"message":"Too many requests. Your current concurrency is 26, which exceeds your concurrency limit of 25 based on your remaining balance. Please top up your balance to restore your concurrency.","type":"rate_limit_error","param":null,"code":"invalid_request_error"}}',
    );
    assert.equal(
      bodies[503],
      '{"error":{"message":"Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.","type":"service_unavailable_error","param":null,"code":"service_unavailable_error"}}',
    );
    assert.equal(
      bodies[402],
      '{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}',
    );
    assert.equal(
      JSON.parse(bodies[401] ?? '').error.message,
      `Authentication Fails, Your api key: ****${plumb.key.slice(-4)} is invalid`,
    );
    assert.match(bodies[502] ?? '', /^<html>/, 'a gateway knows nothing of JSON');
    assert.ok(answers.every(({ body }) => !body.includes('injected')));
  });

  test('has the form of errors that is configured', async (context) => {
    const { answers } = await statusesOf(context, { http: { error_format: 'deepseek' } });
    assert.equal(answers.find(({ status }) => status === 404)?.body, '');
  });

  test('says in the time of its client when to come again, exactly where seconds do not', async (context) => {
    const hints = async (settings: Record<string, unknown>, retry_after_s: number) => {
      const { send, add } = await startFaulty(context, { settings });
      add({ fault: 'status', status: 503, retry_after_s });
      const { headers } = await send(CHAT);
      return [headers['retry-after'], headers['retry-after-ms']];
    };
    assert.deepEqual(await hints({}, 30), ['30', undefined]);
    assert.deepEqual(await hints({}, 1.5), ['2', '1500']);
    const { config } = await load(context, {});
    assert.deepEqual(await hints({ simulate: { ...config.simulate, time_scale: 60 } }, 30), ['1', '500']);
  });

  test('is counted, and said in the log', async (context) => {
    const { send, add, plumb } = await startFaulty(context);
    add({ fault: 'status', status: 503, first: 2 }, 'outage');
    for (let request = 0; request < 3; request++) await send(CHAT);
    const text = await plumb.server.platform.metrics.text();
    assert.match(text, /^plumb_injected_faults_total\{rule="outage"\} 2$/m);
    const line = plumb.lines.find(({ status }) => status === 503);
    assert.deepEqual([line?.fault, line?.detail], ['outage', 'injected by the fault rule outage']);
  });
});

describe('a request with an Idempotency-Key', () => {
  const keyed = { headers: { 'idempotency-key': 'one' } };
  const chargesOf = async ({ operator, atRest }: Faulty) => {
    await atRest();
    return (await operator.usage()).filter(({ cost }) => cost > 0n).length;
  };

  test('that is cut off is generated to its end, and the next one gets the whole answer', async (context) => {
    const faulty = await startFaulty(context);
    faulty.add({ fault: 'cut', after: 2, first: 1 });
    const body = { ...CHAT, stream: true };
    assert.equal((await faulty.send(body, keyed)).isWhole, false);
    const again = await faulty.send(body, keyed);
    assert.deepEqual([contentOf(again), again.headers['idempotent-replayed']], [WHOLE, 'true']);
    assert.equal(await chargesOf(faulty), 1);
  });

  test('whose answer is broken on its way gets the good one at the next time', async (context) => {
    const faulty = await startFaulty(context);
    faulty.add({ fault: 'malformed_chunk' });
    const body = { ...CHAT, stream: true };
    await faulty.send(body, keyed);
    const again = await faulty.send(body, keyed);
    assert.equal(contentOf(again), WHOLE);
    assert.equal(again.headers['x-plumb-fault'], undefined);
    assert.equal(await chargesOf(faulty), 1);
  });

  test('that is refused is generated at the next time', async (context) => {
    const faulty = await startFaulty(context);
    faulty.add({ fault: 'status', status: 503, first: 1 });
    assert.equal((await faulty.send(CHAT, keyed)).status, 503);
    assert.equal((await faulty.send(CHAT, keyed)).status, 200);
    assert.equal(await chargesOf(faulty), 1);
  });
});

describe('other endpoints', () => {
  const COMPLETION = { model: 'deepseek-chat', prompt: 'Hi', max_tokens: 50 };

  test('have faults as well', async (context) => {
    const { send, add, faults } = await startFaulty(context);
    add({ fault: 'insufficient_system_resource', after: 1, path: '/completions' });
    const [choice] = JSON.parse((await send(COMPLETION, { path: '/beta/completions' })).body).choices;
    assert.deepEqual([choice.text, choice.finish_reason], [PIECES[0], 'insufficient_system_resource']);
    assert.equal((await send(CHAT)).headers['x-plumb-fault'], undefined);
    faults.clear();
    add({ fault: 'duplicate_chunk', after: 1 });
    const streamed = await send({ ...COMPLETION, stream: true }, { path: '/completions' });
    const texts = eventsOf(streamed)
      .slice(0, -1)
      .map((data) => JSON.parse(data).choices[0].text);
    assert.equal(texts.join(''), 'One two two three four.');
    faults.clear();
    add({ fault: 'truncated_json', path: '/embeddings' });
    const vectors = await send({ model: 'text-embedding', input: 'Hi' }, { path: '/v1/embeddings' });
    assert.throws(() => JSON.parse(vectors.body), SyntaxError);
    assert.equal(vectors.headers['x-plumb-fault'], 'test');
  });
});

describe('a client that leaves', () => {
  for (const fault of ['latency', 'silence'] as const) {
    test(`in the time of a ${fault} has taken nothing`, async (context) => {
      const { plumb, add, engine, operator } = await startFaulty(context);
      add(fault === 'latency' ? { fault, delay_s: 600 } : { fault, duration_s: 600, interval_s: 600 });
      const controller = new AbortController();
      const asked = plumb.chat(CHAT, controller.signal).then((response) => response.text());
      while (plumb.server.platform.faults.list()[0]?.injected !== 1) await new Promise((next) => setImmediate(next));
      controller.abort();
      await assert.rejects(asked);
      while (!plumb.lines.some(({ outcome }) => outcome === 'client_left'))
        await new Promise((next) => setImmediate(next));
      assert.deepEqual([engine.generations, await operator.usage()], [0, []]);
    });
  }
});
