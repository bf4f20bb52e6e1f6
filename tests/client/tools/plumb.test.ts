/** The tools loop against the real server, held to DeepSeek's rules of the contract. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import { chat } from '#client/chat/chat.js';
import type { Message } from '#client/chat/types.js';
import type { Endpoint } from '#client/kit/endpoint.js';
import type { ToolsEvent } from '#client/tools/events.js';
import { type RunToolsPartial, runTools } from '#client/tools/run-tools.js';
import { tool } from '#client/tools/tool.js';
import type { GenerationJob, GenerationSink, RunningGeneration } from '#server/engines/engine.js';
import { AFTER_CALL, BEFORE_CALL, CALLED_WITH, THOUGHT, TOOL_RESULT } from '../../foreign/support/scripted-servers.js';
import { AnsweringEngine } from '../../support/answering-engine.js';
import { ended } from '../../support/played-engine.js';
import { startPlumb, type TestServer } from '../../support/plumb.js';
import { callOf, chunk, endpointOf, isKitError } from '../support.js';

const getWeather = tool({
  name: 'get_weather',
  description: 'The weather of a city.',
  input: z.object({ city: z.string() }),
  run: (input) => {
    assert.deepEqual(input, CALLED_WITH);
    return TOOL_RESULT;
  },
});
const QUESTION = { role: 'user', content: 'The weather?' };
/** A turn from before thinking was switched on. */
const GREETING = { role: 'assistant', content: 'Hi.' };
const REQUEST = { model: 'deepseek-reasoner', messages: [QUESTION], tools: [getWeather] };

const brief = (messages: readonly Message[]) =>
  messages.map(({ role, content, reasoning_content: thought }) => [role, String(content).trim(), thought]);

/** An engine that thinks before it calls and before it answers; the scripted model would call for ever then. */
class ThinkingEngine extends AnsweringEngine {
  override generate({ request }: GenerationJob, sink: GenerationSink): RunningGeneration {
    const isDone = request.messages.some(({ role }) => role === 'tool');
    const deltas = [
      { role: 'assistant', content: null, reasoning_content: '' },
      { content: null, reasoning_content: THOUGHT },
      isDone ? { content: AFTER_CALL } : { tool_calls: [callOf('call-1', 'get_weather', CALLED_WITH)] },
    ];
    const end = ended();
    const head = { object: 'chat.completion.chunk', created: 1, system_fingerprint: 'f' };
    const event = (delta: object, reason: string | null = null, rest: object = {}) =>
      Buffer.from(chunk(delta, reason, { ...head, ...rest }).replace('"delta"', '"logprobs":null,"delta"'));
    setImmediate(() => {
      sink.onBegun();
      for (const delta of deltas) sink.onEvents(event(delta));
      const lastEvents = event({ content: '' }, isDone ? 'stop' : 'tool_calls', { usage: end.usage });
      sink.onEnd({ ...end, lastEvents });
    });
    return { abort() {} };
  }
}

describe('runTools with a real server', () => {
  let scripted: TestServer;
  let thinking: TestServer;
  let toScripted: Endpoint;
  let toThinking: Endpoint;
  before(async () => {
    const settings = { contract: 'strict' };
    [scripted, thinking] = await Promise.all([
      startPlumb({ script: 'toolLoop', settings }),
      startPlumb({ engine: new ThinkingEngine(), settings }),
    ]);
    [toScripted, toThinking] = [scripted, thinking].map(({ url, key }) => endpointOf(`${url}/v1`, key)) as [
      Endpoint,
      Endpoint,
    ];
  });
  after(() => Promise.all([scripted.stop(), thinking.stop()]));

  for (const stream of [false, true]) {
    const how = stream ? 'streamed' : 'buffered';

    test(`calls and answers, ${how}`, async () => {
      const { messages, usage } = await runTools(toScripted, { ...REQUEST, model: 'deepseek-chat', stream });
      assert.deepEqual(brief(messages), [
        ['user', 'The weather?', undefined],
        ['assistant', BEFORE_CALL, undefined],
        ['tool', TOOL_RESULT, undefined],
        ['assistant', AFTER_CALL, undefined],
      ]);
      assert.equal(usage.total_tokens, Number(usage.prompt_tokens) + Number(usage.completion_tokens));
    });

    test(`thinks, calls, thinks and answers, ${how}, and goes on in the same conversation`, async () => {
      const events: ToolsEvent[] = [];
      const request = { ...REQUEST, stream, onEvent: (event: ToolsEvent) => void events.push(event) };
      const { messages } = await runTools(toThinking, request);
      assert.deepEqual(brief(messages), [
        ['user', 'The weather?', undefined],
        ['assistant', '', THOUGHT],
        ['tool', TOOL_RESULT, undefined],
        ['assistant', AFTER_CALL, THOUGHT],
      ]);
      const thoughts = events.flatMap((event) => (event.type === 'reasoning' && event.step === 1 ? [event.text] : []));
      assert.equal(thoughts.join(''), stream ? THOUGHT : '');
      const next = await runTools(toThinking, { ...request, messages: [QUESTION, GREETING, ...messages, QUESTION] });
      assert.equal(next.answer.content, AFTER_CALL);
    });

    test(`thinks at every step with the scripted model, ${how}, until its steps are over, and goes on from there`, async () => {
      let messages: readonly Message[] = [QUESTION];
      for (const length of [3, 5]) {
        await assert.rejects(
          runTools(toScripted, { ...REQUEST, messages, stream, maxSteps: 1 }),
          isKitError('loop_limit', ({ partial }) => {
            messages = (partial as RunToolsPartial).messages;
          }),
        );
        assert.equal(messages.length, length);
        assert.deepEqual(brief(messages.slice(-2)), [
          ['assistant', BEFORE_CALL, THOUGHT],
          ['tool', TOOL_RESULT, undefined],
        ]);
      }
    });
  }

  test('is refused when the reasoning is left out: above, the loop had sent it', async () => {
    const tools = [{ type: 'function', function: { name: 'get_weather' } }];
    const isRefused = isKitError('invalid_request', ({ message }) => assert.match(message, /reasoning_content/));
    const messages = [QUESTION, GREETING, QUESTION];
    await assert.rejects(chat(toThinking, { model: 'deepseek-reasoner', messages, tools }), isRefused);
  });
});
