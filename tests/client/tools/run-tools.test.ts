/** The loop between a model and its tools: every rule of it, against an endpoint whose answers are written down. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { z } from 'zod';
import type { ToolsEvent } from '#client/tools/events.js';
import { type RunToolsPartial, type RunToolsRequest, runTools } from '#client/tools/run-tools.js';
import { type Tool, tool } from '#client/tools/tool.js';
import { jsonOf, type Script, ScriptedUpstream, streamOf } from '../../support/scripted-upstream.js';
import { until } from '../../support/until.js';
import { answering, callOf, endpointOf, isKitError, ManualClock, streaming } from '../support.js';

let upstream: ScriptedUpstream;
before(async () => {
  upstream = await ScriptedUpstream.start();
});
after(() => upstream.close());

const QUESTION = { role: 'user', content: 'The weather?' };

/** What the tool was called with, and a tool that answers. */
function weather(options: Partial<Tool> = {}) {
  const asked: unknown[] = [];
  const getWeather = tool({
    name: 'get_weather',
    description: 'The weather of a city.',
    input: z.object({ city: z.string() }),
    run: ({ city }) => {
      asked.push(city);
      return `Sunny in ${city}`;
    },
  });
  return { asked, getWeather: { ...getWeather, ...options } as Tool };
}

const calling = (...calls: object[]) => answering({ content: null, tool_calls: calls });
const paris = (id = 'a') => callOf(id, 'get_weather', { city: 'Paris' });
const DONE = answering({ content: 'It is sunny.' });

/** Runs the loop over answers in their order; the last one comes for ever. */
async function run(scripts: readonly Script[], request: Partial<RunToolsRequest> & { tools: readonly Tool[] }) {
  const first = upstream.requests.length;
  upstream.answerChat((_, number) => scripts[Math.min(number, scripts.length - 1)]!);
  const events: ToolsEvent[] = [];
  const onEvent = (event: ToolsEvent) => void events.push(event);
  const done = runTools(endpointOf(upstream.url), { model: 'far', messages: [QUESTION], onEvent, ...request });
  const bodies = () => upstream.requests.slice(first).map(({ json }) => json);
  return { done, events, bodies };
}

/** The contents of the results that the model was given. */
const resultsIn = (messages: readonly { role: string; content?: unknown }[]) =>
  messages.filter(({ role }) => role === 'tool').map(({ content }) => content);

describe('runTools', () => {
  test('runs the calls, sends their results, and gives the answer, the conversation and what it cost', async () => {
    const { asked, getWeather } = weather();
    const { done, events, bodies } = await run([calling(paris()), DONE], { tools: [getWeather], temperature: 0 });
    const { messages, answer, steps, usage } = await done;
    assert.deepEqual(asked, ['Paris']);
    assert.deepEqual([answer.content, steps, usage.total_tokens], ['It is sunny.', 2, 30]);
    const { index: _, ...call } = paris();
    assert.deepEqual(messages, [
      QUESTION,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: 'Sunny in Paris' },
      { role: 'assistant', content: 'It is sunny.' },
    ]);
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const definition = { name: 'get_weather', description: 'The weather of a city.', parameters };
    assert.deepEqual(bodies()[0], {
      ...{ model: 'far', temperature: 0, messages: [QUESTION], tools: [{ type: 'function', function: definition }] },
    });
    assert.deepEqual(bodies()[1].messages, messages.slice(0, 3));
    assert.deepEqual(
      events.map(({ type, step }) => [type, step]),
      [
        ['step', 1],
        ['call', 1],
        ['result', 1],
        ['step', 2],
        ['end', 2],
      ],
    );
  });

  test('streams when asked to, and tells of the pieces', async () => {
    const { getWeather } = weather();
    const scripts = [
      streaming({ reasoning_content: 'Hm.', content: 'One moment.', tool_calls: [paris()] }),
      streaming({ reasoning_content: '', content: 'It is sunny.' }),
    ];
    const { done, events } = await run(scripts, { tools: [getWeather], stream: true });
    const { messages } = await done;
    assert.deepEqual(
      events.flatMap((event) => ('text' in event ? [[event.type, event.step, event.text]] : [])),
      [
        ['reasoning', 1, 'Hm.'],
        ['content', 1, 'One moment.'],
        ['content', 2, 'It is sunny.'],
      ],
    );
    assert.equal(messages[1]?.reasoning_content, 'Hm.');
  });

  test('sends all reasoning back, and fills it in where a turn has none', async () => {
    const { getWeather } = weather();
    const earlier = [QUESTION, { role: 'assistant', content: 'Rainy.' }, QUESTION];
    const thinking = answering({ content: '', reasoning_content: 'Hm.', tool_calls: [paris()] });
    const { done, bodies } = await run([thinking, DONE], { tools: [getWeather], messages: earlier });
    await done;
    const sent = (number: number) =>
      bodies()[number].messages.flatMap(
        ({ role, reasoning_content: reasoning }: { role: string; reasoning_content?: string }) =>
          role === 'assistant' ? [reasoning] : [],
      );
    assert.deepEqual([sent(0), sent(1)], [[undefined], ['', 'Hm.']]);
  });

  test('runs calls side by side, so many at once, and gives the results in their order', async () => {
    let running = 0;
    let most = 0;
    const gates = new Map<number, () => void>();
    const slow = tool({
      name: 'slow',
      input: z.object({ number: z.number() }),
      run: async ({ number }) => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => gates.set(number, resolve));
        running -= 1;
        return { number };
      },
    });
    const calls = [0, 1, 2, 3, 4].map((number) => callOf(`${number}`, 'slow', { number }, number));
    const { done } = await run([calling(...calls), DONE], { tools: [slow], maxParallel: 2 });
    // The last that was begun ends first.
    for (let ended = 0; ended < 5; ended++) {
      await until('as many run as may', () => gates.size === Math.min(2, 5 - ended));
      const [number, open] = [...gates].at(-1)!;
      gates.delete(number);
      open();
      await until('it has ended', () => running <= 1 || gates.size === 2);
    }
    assert.deepEqual(
      resultsIn((await done).messages),
      [0, 1, 2, 3, 4].map((number) => JSON.stringify({ number })),
    );
    assert.equal(most, 2);
  });

  test('sends issues back once, and the next call can be right', async () => {
    const { asked, getWeather } = weather();
    const wrong = callOf('a', 'get_weather', { town: 'Paris' });
    const { done, events } = await run([calling(wrong), calling(paris('b')), DONE], { tools: [getWeather] });
    const { messages } = await done;
    const [told] = resultsIn(messages);
    assert.match(String(told), /^\{"error":"The arguments do not fit\. city: /);
    assert.deepEqual(asked, ['Paris']);
    assert.ok(events.some((event) => event.type === 'retry' && /city/.test(event.problem)));
  });

  test('ends when the arguments do not fit again, and runs nothing beside them', async () => {
    const { asked, getWeather } = weather();
    const wrong = callOf('a', 'get_weather', {});
    const { done } = await run([calling(wrong), calling(wrong, paris('b'))], { tools: [getWeather] });
    await assert.rejects(
      done,
      isKitError('invalid_output', ({ message, partial }) => {
        assert.match(message, /get_weather do not fit, 2 times in a row\. city/);
        assert.equal((partial as RunToolsPartial).messages.length, 3);
      }),
    );
    assert.deepEqual(asked, []);
  });

  test('repairs broken arguments, and sends them back as JSON', async () => {
    const { asked, getWeather } = weather();
    const broken = callOf('a', 'get_weather', '```json\n{"city":"Paris",');
    const { done, bodies } = await run([calling(broken), DONE], { tools: [getWeather] });
    await done;
    assert.deepEqual(asked, ['Paris']);
    assert.equal(bodies()[1].messages[1].tool_calls[0].function.arguments, '{"city":"Paris"}');
  });

  test('does not complete a call that max_tokens cut', async () => {
    const { asked, getWeather } = weather();
    const cut = answering({ tool_calls: [callOf('a', 'get_weather', '{"city":"Par')] }, 'length');
    const { done } = await run([cut, DONE], { tools: [getWeather] });
    assert.match(String(resultsIn((await done).messages)[0]), /cut by max_tokens/);
    assert.deepEqual(asked, []);
  });

  test('tells the model which tools there are when it calls another', async () => {
    const { getWeather } = weather();
    const other = tool({ name: 'other', run: () => 1 });
    const { done } = await run([calling(callOf('a', 'get_wether', {})), DONE], { tools: [getWeather, other] });
    assert.deepEqual(resultsIn((await done).messages), [
      '{"error":"There is no tool get_wether. The tools are: get_weather, other."}',
    ]);
  });

  test('tells the model of errors, of silence and of what is no JSON', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const runs: [() => unknown, RegExp][] = [
      [() => Promise.reject(new Error('no such city')), /^\{"error":"no such city"\}$/],
      [() => Promise.reject('broken'), /^\{"error":"broken"\}$/],
      [() => undefined, /^null$/],
      [() => circle, /^\{"error":"Converting circular/],
    ];
    for (const [answer, expected] of runs) {
      const { getWeather } = weather({ run: answer });
      const { done } = await run([calling(paris()), DONE], { tools: [getWeather] });
      assert.match(String(resultsIn((await done).messages)[0]), expected);
    }
  });

  test('ends at a fatal error, and tells the tools beside it to stop', async () => {
    const failure = new Error('the disk is full');
    let stopped = false;
    const waiting = tool({
      name: 'wait',
      run: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            stopped = true;
            reject(signal.reason);
          }),
        ),
    });
    for (const fatal of [true, (error: unknown) => error === failure]) {
      stopped = false;
      const { getWeather } = weather({ fatal, run: () => Promise.reject(failure) });
      const script = calling(callOf('w', 'wait', {}, 0), { ...paris(), index: 1 });
      const { done } = await run([script], { tools: [getWeather, waiting] });
      await assert.rejects(
        done,
        isKitError('tool_failed', ({ cause, message, partial }) => {
          assert.equal(cause, failure);
          assert.match(message, /get_weather failed: the disk is full/);
          assert.deepEqual((partial as RunToolsPartial).messages, [QUESTION]);
        }),
      );
      assert.equal(stopped, true);
    }
  });

  test('gives a tool its time, and aborts it after that', async () => {
    const clock = new ManualClock();
    let reason: unknown;
    const run_ = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise(() =>
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        }),
      );
    const { getWeather } = weather({ run: run_, timeoutMs: 500 });
    const { done } = await run([calling(paris()), DONE], { tools: [getWeather], clock });
    await until('the tool runs', () => clock.waits[0] === 500);
    clock.advance(500);
    assert.deepEqual(resultsIn((await done).messages), ['{"error":"get_weather took more than 500 ms."}']);
    assert.ok(reason instanceof Error);
  });

  test('answers the third of the same calls with a note, and ends at the fifth', async () => {
    const { asked, getWeather } = weather();
    const { done } = await run([calling(paris())], { tools: [getWeather] });
    await assert.rejects(
      done,
      isKitError('loop_limit', ({ partial, message }) => {
        assert.match(message, /same call of get_weather 5 times/);
        const { messages, steps } = partial as RunToolsPartial;
        assert.equal(steps, 5);
        assert.match(String(resultsIn(messages)[2]), /^\{"note":"This call was made 2 times before/);
      }),
    );
    assert.deepEqual(asked, ['Paris', 'Paris']);
  });

  test('lets a repeatable tool be called the same way', async () => {
    const { asked, getWeather } = weather({ repeatable: true });
    const scripts = [...Array(7).fill(calling(paris())), DONE];
    await (await run(scripts, { tools: [getWeather] })).done;
    assert.equal(asked.length, 7);
  });

  test('ends after its steps, and goes on from the messages of the error', async () => {
    const { getWeather } = weather();
    const city = (number: number) => calling(callOf(`${number}`, 'get_weather', { city: `City ${number}` }));
    const { done } = await run([city(1), city(2), city(3)], { tools: [getWeather], maxSteps: 3 });
    let partial: RunToolsPartial | undefined;
    await assert.rejects(
      done,
      isKitError('loop_limit', (error) => {
        partial = error.partial as RunToolsPartial;
        assert.match(error.message, /has asked 3 times/);
      }),
    );
    assert.deepEqual([partial!.messages.length, partial!.steps, partial!.usage.total_tokens], [7, 3, 45]);
    const { messages } = await (await run([DONE], { tools: [getWeather], messages: partial!.messages })).done;
    assert.equal(messages.length, 8);
  });

  test('asks 20 times unless told otherwise', async () => {
    const { getWeather } = weather({ repeatable: true });
    const { done } = await run([calling(paris())], { tools: [getWeather] });
    await assert.rejects(
      done,
      isKitError('loop_limit', ({ partial }) => assert.equal((partial as RunToolsPartial).steps, 20)),
    );
  });

  test('ends after its time, in the middle of an answer or of a tool', async () => {
    const clock = new ManualClock();
    const { getWeather } = weather({ run: () => new Promise(() => {}) });
    for (const script of [streamOf('data: {"choices":[{"delta":{"content":"a"}}]}\n\n', 'hang!'), calling(paris())]) {
      const { done, bodies } = await run([script], { tools: [getWeather], clock, timeLimitMs: 1000, stream: true });
      await until('the model was asked', () => bodies().length === 1);
      await until('the loop waits', () => clock.waits.length > 1);
      clock.advance(1000);
      await assert.rejects(
        done,
        isKitError('loop_limit', ({ message, partial }) => {
          assert.match(message, /more than 1000 ms/);
          assert.deepEqual((partial as RunToolsPartial).messages, [QUESTION]);
        }),
      );
    }
    assert.deepEqual(clock.waits, []);
  });

  test('throws the reason of its signal', async () => {
    const controller = new AbortController();
    const { getWeather } = weather({ run: () => controller.abort(new Error('enough')) });
    const { done } = await run([calling(paris()), streamOf('hang!')], {
      tools: [getWeather],
      signal: controller.signal,
    });
    await assert.rejects(done, /enough/);
  });

  test('an endpoint that fails later has what was done so far in its error', async () => {
    const { getWeather } = weather();
    const { done } = await run([calling(paris()), jsonOf({ error: { message: 'busy' } }, 503)], {
      tools: [getWeather],
    });
    await assert.rejects(
      done,
      isKitError('server_error', ({ partial, status, retryable }) => {
        assert.deepEqual([status, retryable, (partial as RunToolsPartial).messages.length], [503, true, 3]);
      }),
    );
  });

  test('forces a call in the first step alone', async () => {
    const { getWeather } = weather();
    for (const choice of ['required', { type: 'function', function: { name: 'get_weather' } }, 'auto', 'none']) {
      const { done, bodies } = await run([calling(paris()), DONE], { tools: [getWeather], tool_choice: choice });
      await done;
      const next = choice === 'none' ? 'none' : 'auto';
      assert.deepEqual(
        bodies().map((body) => body.tool_choice),
        [choice, next],
      );
    }
  });

  test('refuses a tool whose input is no object', async () => {
    const wrong = tool({ name: 'wrong', input: z.string(), run: () => 1 });
    const { done } = await run([DONE], { tools: [wrong] });
    await assert.rejects(done, isKitError('invalid_input'));
  });

  test('validates with a schema that answers later', async () => {
    const input = z.object({ city: z.string().refine(async (city) => city !== 'Atlantis', 'is no city') });
    const { getWeather } = weather({ input });
    const lost = callOf('a', 'get_weather', { city: 'Atlantis' });
    const { done } = await run([calling(lost), DONE], { tools: [getWeather] });
    assert.match(String(resultsIn((await done).messages)[0]), /city: is no city/);
  });
});
