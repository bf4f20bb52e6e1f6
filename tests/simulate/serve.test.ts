/** A whole server with a simulated engine: nothing is fetched, everything else is as it always is. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type RunningServer, startServer } from '@plumb/server';
import OpenAI from 'openai';
import { renderWelcome } from '#server/cli/welcome.js';
import { type ConfigFlags, loadConfig } from '#server/config/load-config.js';

let folder: string;
/** Each server has a data folder of its own, and with it a first key. */
let folders = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-simulate-'));
});
after(() => rm(folder, { recursive: true, force: true }));

function load(flags: ConfigFlags, environment: Record<string, string> = {}) {
  return loadConfig({
    flags: { dataDir: join(folder, `data-${folders++}`), port: '0', logLevel: 'silent', ...flags },
    environment,
    currentDir: folder,
    cores: 2,
  });
}

async function loadText(text: string, flags: ConfigFlags = {}) {
  const config = join(folder, 'plumb.yaml');
  await writeFile(config, text);
  try {
    return await load({ config, ...flags });
  } finally {
    await rm(config);
  }
}

describe('a server with --simulate', () => {
  let server: RunningServer;
  let client: OpenAI;
  before(async () => {
    server = await startServer({ config: await load({ simulate: 'instant' }), model: {} });
    await server.ready();
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.firstKey ?? '', maxRetries: 0 });
  });
  after(() => server.stop(1000));

  test('serves both models of DeepSeek and one for embeddings', async () => {
    const models = await client.models.list();
    assert.deepEqual(
      models.data.map(({ id }) => id),
      ['deepseek-chat', 'deepseek-reasoner', 'text-embedding'],
    );
  });

  test('answers, streamed and whole, with the same words', async () => {
    const request = { model: 'deepseek-chat', messages: [{ role: 'user' as const, content: 'Hello!' }] };
    const whole = await client.chat.completions.create(request);
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(streamed, whole.choices[0]?.message.content);
  });

  test('says in every answer that it is a simulation, in errors and in the readiness too', async () => {
    for (const path of ['/healthz', '/readyz', '/v1/models', '/nothing']) {
      const response = await fetch(server.url + path);
      assert.equal(response.headers.get('x-plumb-simulated'), 'instant', path);
    }
    const ready = await (await fetch(`${server.url}/readyz`)).json();
    assert.deepEqual(ready, { status: 'ready', simulated: 'instant', time_scale: 1 });
  });

  test('begins with play money, of which requests take what they cost', async () => {
    const balance = async () => {
      const headers = { authorization: `Bearer ${server.firstKey}` };
      const body = (await (await fetch(`${server.url}/user/balance`, { headers })).json()) as {
        balance_infos: { granted_balance: string }[];
      };
      return Number(body.balance_infos[0]?.granted_balance);
    };
    assert.ok((await balance()) > 99);
    const content = 'word '.repeat(40_000);
    await client.chat.completions.create({ model: 'deepseek-chat', messages: [{ role: 'user', content }] });
    const spent = 100 - (await balance());
    assert.ok(spent > 0.004 && spent < 0.1, String(spent));
  });

  test('makes embeddings: the same vector for the same text, nearer ones for texts that share words', async () => {
    const embed = async (input: string[]) =>
      (await client.embeddings.create({ model: 'text-embedding-3-small', input, dimensions: 256 })).data.map(
        ({ embedding }) => embedding,
      );
    const [one, same, near, far] = await embed([
      'the red fox runs',
      'the red fox runs',
      'the red fox sleeps',
      'x = 1;',
    ]);
    const product = (left: number[], right: number[]) =>
      left.reduce((sum, value, index) => sum + value * right[index]!, 0);
    assert.deepEqual(one, same);
    assert.ok(Math.abs(product(one!, one!) - 1) < 1e-6);
    assert.ok(product(one!, near!) > product(one!, far!));
    await assert.rejects(client.embeddings.create({ model: 'text-embedding', input: 'a', dimensions: 9999 }), {
      status: 400,
    });
  });
});

test('a server with compressed time tells clients how much, and keeps streams alive in its own time', async () => {
  const settings = 'simulate: { latency: { first_token_ms: 60000 } }';
  const config = await loadText(settings, { simulate: 'instant', timeScale: '200' });
  const server = await startServer({ config, model: {} });
  try {
    const response = await fetch(`${server.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.firstKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'deepseek-chat', stream: true, messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    const text = await response.text();
    assert.equal(response.headers.get('x-plumb-simulated'), 'instant; time-scale=200');
    assert.equal(response.status, 200, text);
    const silences = text.match(/^: keep-alive/gm) ?? [];
    assert.ok(silences.length >= 3, `${silences.length} keep-alives in a minute of its time`);
    assert.match(text, /data: \[DONE\]/);
  } finally {
    await server.stop(1000);
  }
});

test('pools can consist of simulated engines, each with a speed of its own', async () => {
  const config = await loadText(`
models: [{ id: deepseek-chat, pool: rehearsal }]
pools:
  rehearsal:
    engines:
      quick: { kind: simulated, preset: instant }
      slow: { kind: simulated, preset: 8xH200 deepseek-v3 }
`);
  const server = await startServer({ config, model: {} });
  try {
    assert.deepEqual(await server.ready(), ['rehearsal']);
    const response = await fetch(`${server.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.firstKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'deepseek-chat', max_tokens: 3, messages: [{ role: 'user', content: 'Hello!' }] }),
    });
    assert.equal(response.status, 200);
  } finally {
    await server.stop(1000);
  }
});

describe('the configuration', () => {
  test('with --simulate alone has a preset of its own, and opens neither pools nor models', async () => {
    const text = `
models: [{ id: mine, pool: far }]
pools: { far: { engines: { one: { kind: vllm, url: "http://10.0.0.1:8000/v1" } } } }
embeddings: { model: hf:a/b/c.gguf }
`;
    const config = await loadText(text, { simulate: true });
    assert.equal(config.simulate.preset, 'default');
    assert.deepEqual(config.pools, {});
    assert.equal(config.embeddings.model, undefined);
    assert.ok(config.models.every(({ pool }) => pool === 'simulated'));
  });

  test('can be simulated by the environment, and leaves prices that there are', async () => {
    const config = await load({}, { PLUMB_SIMULATE: 'instant', PLUMB_TIME_SCALE: '2.5' });
    assert.deepEqual([config.simulate.enabled, config.simulate.time_scale], [true, 2.5]);
    const price = 'models: [{ id: a, price: { input_cache_hit: 1, input_cache_miss: 2, output: 3 } }, { id: b }]';
    const priced = await loadText(price, { simulate: true });
    assert.deepEqual(
      priced.models.slice(0, 2).map((model) => model.price?.output),
      [3, undefined],
    );
  });

  test('names the presets that there are when one is unknown, and what may have been meant', async () => {
    await assert.rejects(
      load({ simulate: '8xH20 deepseek-v3' }),
      /no preset "8xH20 deepseek-v3".*"default", "instant".*did you mean "8xH200 deepseek-v3"\?/,
    );
  });

  test('compresses time only where nothing is real', async () => {
    await assert.rejects(
      load({ timeScale: '60' }),
      /where every engine is simulated or replayed: the model `deepseek-chat`/,
    );
    await assert.rejects(load({ timeScale: '0.5', simulate: true }), /--time-scale must be a number from 1 to 1000/);
    const redis = 'shared_limits: { redis_url: "redis://127.0.0.1:1" }';
    await assert.rejects(loadText(redis, { timeScale: '60', simulate: true }), /limits of one server/);
    const mixed = `
models: [{ id: a, pool: simulated }]
pools: { p: { engines: { s: { kind: simulated }, v: { kind: vllm, url: "http://10.0.0.1/v1" } } } }
`;
    await assert.rejects(loadText(mixed, { timeScale: '2' }), /`pools\.p` has others/);
    await assert.rejects(
      loadText('pools: { simulated: { engines: { s: { kind: simulated } } } }'),
      /has the name of the simulated engine/,
    );
  });

  test('takes no address for a simulated engine, and no preset for another one', async () => {
    const engines = (engine: string) => loadText(`pools: { p: { engines: { e: ${engine} } } }`);
    await assert.rejects(engines('{ kind: simulated, url: "http://a/v1" }'), /nothing that the simulated engine has/);
    await assert.rejects(engines('{ kind: embedded, preset: instant }'), /nothing that the embedded engine has/);
    await assert.rejects(engines('{ kind: vllm, url: "http://a/v1", preset: instant }'), /an engine elsewhere has/);
    await assert.rejects(engines('{ kind: simulated, preset: none }'), /there is no preset "none"/);
  });

  test('says which file cannot be used', async () => {
    const start = async (text: string) => startServer({ config: await loadText(text, { simulate: true }), model: {} });
    await assert.rejects(start('simulate: { fixtures: /nowhere.yaml }'), /The fixtures \/nowhere\.yaml cannot be read/);
    const trace = join(folder, 'trace.csv');
    await writeFile(trace, 'prompt_tokens\n1\n');
    await assert.rejects(start(`simulate: { trace: ${trace} }`), /The trace .*trace\.csv cannot be used\. Line 2/);
  });
});

test('the welcome says that answers are made up, and how fast time goes', () => {
  const welcome = { url: 'http://h:1', firstKey: undefined, models: ['a'], engineModel: 'x', command: 'plumb' };
  const text = renderWelcome({ ...welcome, simulation: { preset: 'instant', timeScale: 60 } });
  assert.match(text, /SIMULATED.*made up, at the speed of "instant"; time goes 60 times faster/);
  assert.doesNotMatch(renderWelcome(welcome), /SIMULATED/);
});
