/** What a simulated engine answers: made up, the same every time, and counted to the token. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChatRequest } from '@plumb/wire';
import fc from 'fast-check';
import { readFixtures } from '#server/engines/simulated/fixtures.js';
import { type RandomSchema, randomSchema } from '../support/random-schema.js';
import { validatorOf } from '../support/validator.js';
import { contentOf, jobOf, Simulation, tokens } from './support/simulation.js';

const SCHEMAS = 150;

describe('words', () => {
  test('are the same for the same request, whoever asks and whenever', async () => {
    const simulation = new Simulation();
    const [one, other] = [await simulation.run(jobOf()), await new Simulation().run(jobOf({ stream: false }))];
    assert.equal(contentOf(one), contentOf(other));
    assert.notEqual(contentOf(one), '');
  });

  test('are others for another seed, another message and another seed of the engine', async () => {
    const simulation = new Simulation();
    const hello = contentOf(await simulation.run(jobOf({ seed: 1 })));
    assert.equal(contentOf(await simulation.run(jobOf({ seed: 1 }))), hello);
    assert.notEqual(contentOf(await simulation.run(jobOf({ seed: 2 }))), hello);
    const message = { role: 'user', content: 'Bye!' } as const;
    assert.notEqual(contentOf(await simulation.run(jobOf({ seed: 1, messages: [message] }))), hello);
    assert.notEqual(contentOf(await new Simulation({ settings: { seed: 7 } }).run(jobOf({ seed: 1 }))), hello);
  });

  test('repeat what the user said last, to the character, where that is asked for', async () => {
    const said = 'Grüße 👩‍👩‍👧‍👦 aus 東京\n\n\u0000 \u{1F9FF} “x” ﷽ नमस्ते';
    const run = await new Simulation({ settings: { text: 'echo' } }).run(
      jobOf({ messages: [{ role: 'user', content: said }] }),
    );
    assert.equal(contentOf(run), said);
    assert.equal(run.end.usage.completion_tokens, tokens.count(said));
  });

  test('are about as long as the setting says', async () => {
    const simulation = new Simulation({ settings: { answer_tokens: 400 } });
    for (const seed of [1, 2, 3, 4]) {
      const { end } = await simulation.run(jobOf({ seed }));
      assert.ok(end.usage.completion_tokens >= 200 && end.usage.completion_tokens <= 660);
    }
  });

  test('end at a stop sequence, which counts and is not shown', async () => {
    const simulation = new Simulation({ settings: { text: 'echo' } });
    const messages = [{ role: 'user', content: 'one two three four' }] as const;
    const run = await simulation.run(jobOf({ messages: [...messages], stop: ['zzz', ' three'] }));
    assert.equal(contentOf(run), 'one two');
    assert.equal(run.end.finishReason, 'stop');
    assert.equal(run.end.usage.completion_tokens, tokens.count('one two') + tokens.count(' three'));
  });

  test('end at max_tokens, and say so', async () => {
    const run = await new Simulation().run(jobOf({ max_tokens: 5 }));
    assert.equal(run.end.finishReason, 'length');
    assert.equal(run.end.usage.completion_tokens, 5);
    assert.ok(tokens.count(contentOf(run)) <= 5);
    const cut = await new Simulation({ settings: { text: 'echo' } }).run(
      jobOf({ max_tokens: 1, messages: [{ role: 'user', content: '﷽' }] }),
    );
    assert.deepEqual([contentOf(cut), cut.end.finishReason, cut.end.usage.completion_tokens], ['', 'length', 1]);
  });

  test('continue a text, or fill a gap', async () => {
    const run = await new Simulation().run(jobOf({ messages: [] }, { text: { prompt: 'def add', suffix: 'return' } }));
    assert.notEqual(contentOf(run), '');
    assert.ok(run.end.usage.prompt_tokens > 3);
  });

  test('are refused where prompt and answer do not fit into the context', async () => {
    const simulation = new Simulation({ settings: { context_tokens: 256 } });
    await assert.rejects(simulation.run(jobOf({ max_tokens: 300 })), { status: 400 });
  });
});

describe('reasoning', () => {
  test('comes before the answer, counts, and grows with the effort', async () => {
    const simulation = new Simulation();
    const counts = [];
    for (const effort of ['low', 'high', 'max'] as const) {
      const run = await simulation.run(jobOf({}, { thinking: true, effort }));
      const { message } = run.response.choices[0]!;
      const reasoning = message.reasoning_content ?? '';
      const { usage } = run.end;
      assert.equal(usage.completion_tokens_details?.reasoning_tokens, tokens.count(reasoning));
      assert.equal(usage.completion_tokens, tokens.count(reasoning) + tokens.count(message.content ?? ''));
      counts.push(tokens.count(reasoning));
    }
    assert.ok(counts[0]! < counts[1]! && counts[1]! < counts[2]!, String(counts));
  });

  test('can take all that max_tokens allows', async () => {
    const run = await new Simulation().run(jobOf({ max_tokens: 10 }, { thinking: true }));
    assert.deepEqual([contentOf(run), run.end.finishReason], ['', 'length']);
    assert.equal(run.end.usage.completion_tokens_details?.reasoning_tokens, 10);
  });
});

describe('JSON', () => {
  test('is an object with json_object', async () => {
    const run = await new Simulation().run(jobOf({ response_format: { type: 'json_object' } }));
    assert.equal(typeof JSON.parse(contentOf(run)), 'object');
  });

  test('is of its schema, whatever the schema', async () => {
    const simulation = new Simulation();
    const schemas: RandomSchema[] = JSON.parse(JSON.stringify(fc.sample(randomSchema, { numRuns: SCHEMAS, seed: 5 })));
    let written = 0;
    for (const [seed, schema] of schemas.entries()) {
      const format = { type: 'json_schema', json_schema: { name: 'x', schema } } as const;
      const run = await simulation.run(jobOf({ seed, response_format: format })).catch((error: { status?: number }) => {
        assert.equal(error.status, 400, `${JSON.stringify(schema)}: ${error}`);
      });
      if (run === undefined) continue;
      const validate = validatorOf(schema);
      const value: unknown = JSON.parse(contentOf(run));
      assert.ok(validate(value), `${JSON.stringify(schema)}\n${contentOf(run)}\n${JSON.stringify(validate.errors)}`);
      written += 1;
    }
    assert.ok(written >= SCHEMAS * 0.9, `only ${written} of ${SCHEMAS} schemas could be written`);
  });

  test('comes to an end where a schema refers to itself', async () => {
    const schema = {
      $ref: '#/$defs/node',
      $defs: {
        node: {
          type: 'object',
          properties: { children: { type: 'array', minItems: 0, items: { $ref: '#/$defs/node' } } },
          required: ['children'],
        },
      },
    };
    for (const seed of [1, 2, 3, 4, 5]) {
      const format = { type: 'json_schema', json_schema: { name: 'tree', schema } } as const;
      const run = await new Simulation().run(jobOf({ seed, response_format: format }));
      assert.ok(validatorOf(schema)(JSON.parse(contentOf(run))));
    }
  });

  test('that no value can be is refused', async () => {
    const format = { type: 'json_schema', json_schema: { name: 'x', schema: { enum: [] } } } as const;
    await assert.rejects(new Simulation().run(jobOf({ response_format: format })), { status: 400 });
  });
});

describe('calls of tools', () => {
  const weather = {
    type: 'object',
    properties: { city: { type: 'string', minLength: 3 }, days: { type: 'integer', minimum: 1, maximum: 9 } },
    required: ['city', 'days'],
    additionalProperties: false,
  };
  const tools: NonNullable<ChatRequest['tools']> = [
    { type: 'function', function: { name: 'get_weather', parameters: weather } },
    { type: 'function', function: { name: 'get_time' } },
  ];
  const ask = (request: Partial<ChatRequest>) => new Simulation().run(jobOf({ tools, ...request }));
  const callsOf = (run: Awaited<ReturnType<typeof ask>>) => run.response.choices[0]?.message.tool_calls ?? [];

  test('have arguments of their schema, ids of their own, and end with tool_calls', async () => {
    const run = await ask({ tool_choice: { type: 'function', function: { name: 'get_weather' } } });
    const [call, ...others] = callsOf(run);
    assert.deepEqual([call?.function.name, others.length], ['get_weather', 0]);
    assert.ok(validatorOf(weather)(JSON.parse(call?.function.arguments ?? '')));
    assert.match(call?.id ?? '', /^call_00_[A-Za-z0-9]{24}$/);
    assert.equal(run.end.finishReason, 'tool_calls');
    assert.ok(run.end.usage.completion_tokens > tokens.count(call?.function.arguments ?? ''));
  });

  test('are those that the user names, several at once', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Use get_time, then get_weather.' }];
    const run = await ask({ messages });
    assert.deepEqual(
      callsOf(run).map((call) => call.function.name),
      ['get_weather', 'get_time'],
    );
  });

  test('are none with `none`, and none after the result of a tool', async () => {
    assert.deepEqual(callsOf(await ask({ tool_choice: 'none' })), []);
    const called = { id: 'a', type: 'function', function: { name: 'get_time', arguments: '{}' } } as const;
    const messages: ChatRequest['messages'] = [
      { role: 'user', content: 'What time is it?' },
      { role: 'assistant', content: '', tool_calls: [called] },
      { role: 'tool', tool_call_id: 'a', content: 'noon' },
    ];
    assert.deepEqual(callsOf(await ask({ messages })), []);
    assert.equal(callsOf(await ask({ messages, tool_choice: 'required' })).length, 1);
  });
});

describe('probabilities', () => {
  test('are given for every token, the alternatives in order and together at most 1', async () => {
    const run = await new Simulation({ settings: { text: 'echo' } }).run(
      jobOf({ logprobs: true, top_logprobs: 3, messages: [{ role: 'user', content: 'Grüße 👩‍👩‍👧 東京' }] }),
    );
    const entries = run.response.choices[0]?.logprobs?.content ?? [];
    assert.equal(entries.length, run.end.usage.completion_tokens);
    assert.equal(Buffer.from(entries.flatMap(({ bytes }) => bytes ?? [])).toString(), contentOf(run));
    for (const { logprob, top_logprobs: top } of entries) {
      assert.equal(top.length, 3);
      assert.ok(logprob <= 0 && top.some((other) => other.logprob === logprob));
      assert.deepEqual(
        top.toSorted((one, other) => other.logprob - one.logprob),
        top,
      );
      assert.ok(top.reduce((sum, other) => sum + Math.exp(other.logprob), 0) <= 1);
    }
  });
});

describe('fixtures', () => {
  const fixtures = readFixtures(
    `
- { model: deepseek-chat, message: "Hello!", content: "Hi there." }
- { contains: weather, calls: [{ name: get_weather, arguments: { city: Berlin } }] }
`,
    'fixtures.yaml',
  );

  test('answer what they are for, and nothing else', async () => {
    const simulation = new Simulation({ fixtures });
    assert.equal(contentOf(await simulation.run(jobOf())), 'Hi there.');
    const run = await simulation.run(jobOf({ messages: [{ role: 'user', content: 'The weather?' }] }));
    assert.equal(run.response.choices[0]?.message.tool_calls?.[0]?.function.arguments, '{"city":"Berlin"}');
    assert.notEqual(contentOf(await simulation.run(jobOf({}, { model: 'deepseek-reasoner' }))), 'Hi there.');
  });

  test('that are none are refused with the place', () => {
    assert.throws(() => readFixtures('- { anser: x }', 'f.yaml'), /f\.yaml must be a list of answers/);
    assert.throws(() => readFixtures('{', 'f.yaml'), /f\.yaml are no YAML/);
  });
});

describe('the prefix cache', () => {
  const long = Array.from({ length: 300 }, (_, index) => `word${index}`).join(' ');
  const first: ChatRequest['messages'] = [{ role: 'user', content: long }];

  test('counts whole blocks of 64 tokens, once they have been read', async () => {
    const simulation = new Simulation();
    const one = await simulation.run(jobOf({ messages: first }));
    const other = await simulation.run(jobOf({ messages: [...first] }));
    assert.equal(one.end.usage.prompt_cache_hit_tokens, 0);
    const { prompt_tokens, prompt_cache_hit_tokens: hit, prompt_cache_miss_tokens } = other.end.usage;
    assert.equal(hit % 64, 0);
    assert.ok(hit > prompt_tokens - 65 && hit < prompt_tokens);
    assert.equal(hit + prompt_cache_miss_tokens, prompt_tokens);
    assert.equal(other.end.usage.prompt_tokens_details.cached_tokens, hit);
  });

  test('knows what was answered, for the next turn of a conversation', async () => {
    const simulation = new Simulation({ settings: { answer_tokens: 300 } });
    const run = await simulation.run(jobOf({ messages: first }));
    const answer = { role: 'assistant', content: contentOf(run) } as const;
    const next = await simulation.run(jobOf({ messages: [...first, answer, { role: 'user', content: 'And?' }] }));
    assert.ok(next.end.usage.prompt_cache_hit_tokens > run.end.usage.prompt_tokens);
  });

  test('is shared by nobody', async () => {
    const simulation = new Simulation();
    await simulation.run(jobOf({ messages: first }));
    const other = await simulation.run(jobOf({ messages: first }, { cacheScope: 'account/somebody' }));
    assert.equal(other.end.usage.prompt_cache_hit_tokens, 0);
  });

  test('forgets what was used longest ago', async () => {
    const simulation = new Simulation({ settings: { cache_tokens: 640 } });
    await simulation.run(jobOf({ messages: first }));
    await simulation.run(jobOf({ messages: [{ role: 'user', content: `other ${long}` }] }));
    const { end } = await simulation.run(jobOf({ messages: first }));
    assert.equal(end.usage.prompt_cache_hit_tokens, 0);
  });
});

describe('an answer that nobody waits for', () => {
  test('ends at once, with what it had used', async () => {
    const simulation = new Simulation({ latency: { tokenMs: 10 } });
    const running = simulation.start(jobOf());
    await simulation.time.pass(55);
    running.abort();
    const { end } = await running.ended;
    assert.equal(end.finishReason, 'aborted');
    assert.ok(end.usage.completion_tokens >= 5 && end.usage.completion_tokens <= 7, JSON.stringify(end.usage));
    assert.deepEqual(simulation.engine.load, { waiting: 0, running: 0 });
  });

  test('is held while its client takes nothing, and complete afterwards', async () => {
    const simulation = new Simulation({ latency: { tokenMs: 10 } });
    const running = simulation.start(jobOf());
    await simulation.time.pass(15);
    running.pause();
    await simulation.time.pass(3_600_000);
    running.resume();
    const run = await running.ended;
    assert.equal(contentOf(run), contentOf(await new Simulation().run(jobOf())));
  });

  test('fails with a 503 when the engine is closed', async () => {
    const simulation = new Simulation({ latency: { tokenMs: 10 } });
    const running = simulation.start(jobOf());
    await simulation.time.pass(15);
    await simulation.engine.close();
    await assert.rejects(running.ended, { status: 503 });
    await assert.rejects(simulation.run(jobOf()), { status: 503 });
  });
});
