/** Values of a schema, by whatever an endpoint can: every rung of the ladder, against an endpoint that is written down. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { type ParsePartial, parse } from '#client/structured/parse.js';
import type { KnownRungs, Strategy } from '#client/structured/strategies.js';
import { jsonOf, type RecordedRequest, type Script, ScriptedUpstream } from '../../support/scripted-upstream.js';
import { answering, callOf, endpointOf, isKitError } from '../support.js';

const schema = z.object({ city: z.string().min(2), days: z.number().int().optional() });
const VALUE = { city: 'Paris', days: 3 };
const REQUEST = { model: 'far', messages: [{ role: 'user', content: 'Where?' }] };

const saying = (value: unknown) => answering({ content: typeof value === 'string' ? value : JSON.stringify(value) });
const calling = (input: unknown) => answering({ content: null, tool_calls: [callOf('a', 'answer', input)] });
const refusing = (message: string, status = 400) =>
  jsonOf({ error: { message, type: 'invalid_request_error' } }, status);

/** What an endpoint can, as what it answers to each rung. */
type Abilities = { [Rung in Strategy | 'offered_tool']?: Script | readonly Script[] };

function rungOf({ json: { response_format: format, tool_choice: choice } }: RecordedRequest): keyof Abilities {
  if (choice !== undefined) return choice === 'auto' ? 'offered_tool' : 'strict_tool';
  return format.type;
}

let upstream: ScriptedUpstream;
before(async () => {
  upstream = await ScriptedUpstream.start();
});
after(() => upstream.close());

/** Lets the endpoint answer so from now on; gives the rungs that were asked for. */
function endpointThat(abilities: Abilities) {
  const asked: string[] = [];
  const bodies: RecordedRequest['json'][] = [];
  const answer = (request: RecordedRequest) => {
    const rung = rungOf(request);
    const scripts = [abilities[rung] ?? refusing('This response_format type is unavailable now')].flat();
    const script = scripts[Math.min(asked.filter((one) => one === rung).length, scripts.length - 1)] as Script;
    asked.push(rung);
    bodies.push(request.json);
    return script;
  };
  upstream.answerChat(answer);
  upstream.answer('/beta/chat/completions', answer);
  return { endpoint: endpointOf(upstream.url), asked, bodies };
}

describe('parse', () => {
  test('has the endpoint hold the answer to the schema where it can', async () => {
    const { endpoint, bodies } = endpointThat({ json_schema: saying(VALUE) });
    const { value, usage, attempts, strategy, answer } = await parse(endpoint, schema, REQUEST);
    assert.deepEqual(value satisfies { city: string; days?: number | undefined }, VALUE);
    assert.deepEqual([usage.total_tokens, attempts, strategy, answer.finishReason], [15, 1, 'json_schema', 'stop']);
    const { json_schema: asked } = bodies[0].response_format;
    assert.deepEqual([asked.name, asked.strict, asked.schema.properties.city.minLength], ['answer', false, 2]);
  });

  test('asks for strictness where nothing is lost by it', async () => {
    const { endpoint, bodies } = endpointThat({ json_schema: saying({ city: 'Paris' }) });
    await parse(endpoint, z.object({ city: z.string() }), REQUEST, { name: 'place' });
    const { json_schema: asked } = bodies[0].response_format;
    assert.deepEqual([asked.name, asked.strict, asked.schema.additionalProperties], ['place', true, false]);
  });

  test('else takes the arguments of a strict function at /beta, and remembers that', async () => {
    const known: KnownRungs = new Map();
    const { endpoint, asked, bodies } = endpointThat({ strict_tool: calling({ city: 'Paris', days: null }) });
    for (let round = 0; round < 2; round++) {
      const { value, strategy, attempts } = await parse(endpoint, schema, REQUEST, { known });
      assert.deepEqual([value, strategy, attempts], [{ city: 'Paris' }, 'strict_tool', 1]);
    }
    assert.deepEqual(asked, ['json_schema', 'strict_tool', 'strict_tool']);
    assert.match(upstream.requests.at(-1)!.path, /^\/beta\//);
    const [{ function: offered }] = bodies[1].tools;
    assert.deepEqual([offered.name, offered.strict, offered.parameters.required], ['answer', true, ['city', 'days']]);
    assert.deepEqual(bodies[1].tool_choice, { type: 'function', function: { name: 'answer' } });
    await parse(endpoint, schema, { ...REQUEST, model: 'other' }, { known });
    assert.equal(asked[3], 'json_schema');
  });

  test('offers the function where thinking lets no call be forced', async () => {
    const known: KnownRungs = new Map();
    const abilities = {
      strict_tool: refusing('Thinking mode does not support this tool_choice'),
      offered_tool: calling(VALUE),
    };
    const { endpoint, asked, bodies } = endpointThat(abilities);
    const { value, strategy } = await parse(endpoint, schema, REQUEST, { known });
    assert.deepEqual([value, strategy], [VALUE, 'strict_tool']);
    assert.match(bodies[2].messages[0].content, /call of the function answer/);
    await parse(endpoint, schema, REQUEST, { known });
    assert.deepEqual(asked.slice(2), ['offered_tool', 'offered_tool']);
  });

  test('else puts the schema into the prompt, with the word JSON, in the one system message', async () => {
    const messages = [{ role: 'system', content: 'Be brief.' }, ...REQUEST.messages];
    const { endpoint, asked, bodies } = endpointThat({
      strict_tool: refusing('Not Found', 404),
      json_object: saying({ city: 'Paris' }),
    });
    const { strategy } = await parse(endpoint, schema, { ...REQUEST, messages });
    assert.equal(strategy, 'json_object');
    assert.deepEqual(asked, ['json_schema', 'strict_tool', 'json_object']);
    const [system, ...rest] = bodies[2].messages;
    assert.match(system.content, /^Be brief\.\n\nAnswer with one JSON object .*\n\{"type":"object"/);
    assert.deepEqual(rest, REQUEST.messages);
  });

  test('leaves strict functions out for a schema that they cannot have', async () => {
    const { endpoint, asked } = endpointThat({ json_object: saying({ a: 1 }) });
    await parse(endpoint, z.record(z.string(), z.number()), REQUEST);
    assert.deepEqual(asked, ['json_schema', 'json_object']);
    const strategy = 'strict_tool';
    await assert.rejects(
      parse(endpoint, z.record(z.string(), z.number()), REQUEST, { strategy }),
      isKitError('invalid_input', ({ message }) => assert.match(message, /# allows properties/)),
    );
  });

  test('goes down for this time alone when it is this one schema that is refused', async () => {
    const known: KnownRungs = new Map();
    const refusal = refusing('response_format.json_schema.schema: `not` at #/properties/a cannot be enforced');
    const { endpoint, asked } = endpointThat({ json_schema: refusal, strict_tool: calling(VALUE) });
    await parse(endpoint, schema, REQUEST, { known });
    assert.deepEqual([asked, known.size], [['json_schema', 'strict_tool'], 0]);
  });

  test('goes down when the endpoint takes the format and does not know it', async () => {
    const known: KnownRungs = new Map();
    const { endpoint, asked } = endpointThat({
      json_schema: saying('Paris, for three days.'),
      strict_tool: calling(VALUE),
    });
    const { attempts, usage } = await parse(endpoint, schema, REQUEST, { known });
    assert.deepEqual([asked, attempts, usage.total_tokens], [['json_schema', 'strict_tool'], 2, 30]);
    assert.deepEqual([...known.values()], ['strict_tool']);
  });

  test('does not go down for a refusal about something else, and not from a strategy that was asked for', async () => {
    const money = { json_schema: refusing('Insufficient Balance', 402) };
    await assert.rejects(parse(endpointThat(money).endpoint, schema, REQUEST), isKitError('insufficient_balance'));
    const long = { json_schema: refusing("This model's maximum context length is 1024 tokens") };
    await assert.rejects(parse(endpointThat(long).endpoint, schema, REQUEST), isKitError('invalid_request'));
    for (const strategy of ['json_schema', 'strict_tool', 'json_object'] as const) {
      const { endpoint, asked } = endpointThat({});
      await assert.rejects(parse(endpoint, schema, REQUEST, { strategy }), isKitError('invalid_request'));
      assert.deepEqual(asked, [strategy]);
    }
  });

  test('asks again with the issues, and sums what all of it cost', async () => {
    const scripts = [saying({ city: 'P' }), saying({ days: 1.5 }), saying(VALUE)];
    const { endpoint, bodies } = endpointThat({ json_object: scripts });
    const { value, attempts, usage } = await parse(endpoint, schema, REQUEST, { strategy: 'json_object' });
    assert.deepEqual([value, attempts, usage.total_tokens], [VALUE, 3, 45]);
    const [, , wrong, told] = bodies[1].messages;
    assert.deepEqual(wrong, { role: 'assistant', content: '{"city":"P"}' });
    assert.match(told.content, /does not fit the schema:\ncity: .*\nGive the whole answer again/);
    assert.equal(bodies[2].messages.length, 6);
  });

  test('tells a function of its issues as the result of its call', async () => {
    const { endpoint, bodies } = endpointThat({ strict_tool: [calling('{"city":"P","days":'), calling(VALUE)] });
    await parse(endpoint, schema, REQUEST, { strategy: 'strict_tool' });
    const [, turn, result] = bodies[1].messages;
    assert.equal(turn.tool_calls[0].function.arguments, '{}');
    assert.deepEqual([result.role, result.tool_call_id], ['tool', 'a']);
    assert.match(result.content, /It is no JSON/);
  });

  test('an empty answer is asked for again, without it', async () => {
    const { endpoint, bodies } = endpointThat({ json_object: [saying('  '), saying(''), saying(VALUE)] });
    const { attempts } = await parse(endpoint, schema, REQUEST, { strategy: 'json_object' });
    assert.equal(attempts, 3);
    assert.deepEqual(
      bodies[2].messages.map(({ role }: { role: string }) => role),
      ['system', 'user', 'user', 'user'],
    );
  });

  test('gives up after its rounds, with the last answer', async () => {
    const { endpoint, asked } = endpointThat({ json_schema: saying({ city: 1 }) });
    await assert.rejects(
      parse(endpoint, schema, REQUEST, { repairRounds: 1 }),
      isKitError('invalid_output', ({ message, partial }) => {
        assert.match(message, /No answer fits the schema\. The last one: city/);
        const { usage, attempts, answer } = partial as ParsePartial;
        assert.deepEqual([usage.total_tokens, attempts, answer.content], [30, 2, '{"city":1}']);
      }),
    );
    assert.equal(asked.length, 2);
  });

  test('an answer that was cut is an error, not a reason to ask again', async () => {
    for (const reason of ['length', 'content_filter']) {
      const { endpoint, asked } = endpointThat({ json_schema: answering({ content: '{"city":"Par' }, reason) });
      await assert.rejects(
        parse(endpoint, schema, REQUEST),
        isKitError('incomplete_output', ({ partial }) => assert.equal((partial as ParsePartial).attempts, 1)),
      );
      assert.equal(asked.length, 1);
    }
  });

  test('repairs broken JSON before it asks again', async () => {
    const { endpoint } = endpointThat({ json_object: saying('```json\n{"city":"Paris",}\n```') });
    const { attempts } = await parse(endpoint, schema, REQUEST, { strategy: 'json_object' });
    assert.equal(attempts, 1);
  });

  test('takes schemas whose root is no object, also those that refer to themselves', async () => {
    type Nested = string | Nested[];
    const nested: z.ZodType<Nested> = z.lazy(() => z.union([z.string(), z.array(nested)]));
    const roots: [z.ZodType, unknown][] = [
      [z.array(z.string()), ['a']],
      [z.string(), 'a'],
      [z.union([z.object({ a: z.string() }), z.object({ b: z.number() })]), { b: 1 }],
      [nested, ['a', ['b']]],
    ];
    for (const [root, value] of roots) {
      for (const strategy of ['json_schema', 'strict_tool', 'json_object'] as const) {
        const answer = strategy === 'strict_tool' ? calling({ value }) : saying({ value });
        const { endpoint, bodies } = endpointThat({ [strategy]: answer });
        assert.deepEqual((await parse(endpoint, root, REQUEST, { strategy })).value, value);
        assert.doesNotMatch(JSON.stringify(bodies), /"\$ref":"#"/);
      }
    }
  });

  test('throws the reason of its signal', async () => {
    const { endpoint } = endpointThat({});
    await assert.rejects(
      parse(endpoint, schema, REQUEST, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
  });
});
