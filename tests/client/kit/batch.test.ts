/** Batches through a kit: lines in memory or in a file, results handed out or kept. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type BatchLine, createKit, KitError } from '#client/index.js';
import { shareLimits } from '#client/node/index.js';
import { jsonOf, ScriptedUpstream } from '../../support/scripted-upstream.js';

const line = (number: number): BatchLine => ({
  custom_id: `line-${number}`,
  method: 'POST',
  url: '/v1/chat/completions',
  body: { model: 'far', messages: [{ role: 'user', content: `Say ${number}` }] },
});

let upstream: ScriptedUpstream;
let folder: string;
before(async () => {
  upstream = await ScriptedUpstream.start();
  folder = await mkdtemp(join(tmpdir(), 'plumb-kit-batch-'));
});
after(async () => {
  await upstream.close();
  await rm(folder, { recursive: true, maxRetries: 10 });
});
beforeEach(() => {
  upstream.requests.length = 0;
  // Every third request fails at first.
  upstream.answerChat(({ json }, number) =>
    number % 3 === 0
      ? jsonOf({ error: { message: 'busy' } }, 503, { 'retry-after-ms': '1' })
      : jsonOf({
          id: 'chatcmpl-1',
          choices: [
            { index: 0, message: { role: 'assistant', content: json.messages[0].content }, finish_reason: 'stop' },
          ],
          usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
        }),
  );
});

const kitFor = () => createKit({ baseURL: upstream.url, retry: { baseMs: 1 }, breaker: { openMs: 1 } });

describe('a batch through a kit', () => {
  test('hands out each result, and makes up for what fails at first', async () => {
    const run = kitFor().batch([line(1), line(2), line(3), line(4)]);
    const said: string[] = [];
    for await (const { customId, body } of run) {
      const { choices } = body as { choices: [{ message: { content: string } }] };
      said.push(`${customId}: ${choices[0].message.content}`);
    }
    assert.deepEqual(
      said.sort(),
      [1, 2, 3, 4].map((number) => `line-${number}: Say ${number}`),
    );
  });

  test('keeps its results in a file, and asks nothing twice', async () => {
    const input = join(folder, 'in.jsonl');
    const output = join(folder, 'out.jsonl');
    await writeFile(input, [1, 2, 3].map((number) => `${JSON.stringify(line(number))}\n`).join(''));
    const first = await kitFor().batch(input, { output });
    assert.equal(first.succeeded, 3);
    const asked = upstream.requests.length;
    const again = await kitFor().batch(input, { output });
    assert.equal(upstream.requests.length, asked);
    assert.equal(again.total, 3);
    assert.equal((await readFile(output, 'utf8')).trimEnd().split('\n').length, 3);
  });

  test('tells what is wrong with its lines before it sends any', async () => {
    await assert.rejects(
      async () => kitFor().batch([line(1), line(1)]),
      (error) => KitError.is(error) && error.code === 'invalid_input' && /line 2/.test(error.message),
    );
    assert.equal(upstream.requests.length, 0);
  });

  test('can be stopped before it has begun', async () => {
    const run = kitFor().batch([line(1), line(2)]);
    run.stop();
    await run;
    assert.equal(upstream.requests.length, 0);
  });
});

test('two kits that share their limits keep them together', async () => {
  upstream.answerChat(jsonOf({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }));
  const kits = [0, 1].map(() =>
    createKit({
      baseURL: upstream.url,
      apiKey: 'sk-a',
      limits: { requestsPerMinute: 3 },
      createLimiter: shareLimits(folder),
    }),
  );
  const ask = (kit = kits[0]!, deadlineMs = 5000) =>
    kit.fetch(`${kit.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { ...kit.headers(), 'x-kit-deadline-ms': String(deadlineMs) },
      body: JSON.stringify({ model: 'far', messages: [] }),
    });
  const statuses = await Promise.all([ask(kits[0]), ask(kits[1]), ask(kits[0])]);
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal((await ask(kits[1])).status, 429);
  assert.equal(upstream.requests.length, 3);
});
