/** Tools: what may be said of them, and the calls that the model makes. */
import type { Ask, Fields } from '../ask.js';
import { type CheckCase, EVERY, STRICT } from '../case.js';
import { must, should, show, skip } from '../finding.js';
import { readAnswer, readStreamed, requireOk } from '../read/answer.js';
import { at, isCount, isObject, isText, listAt, parseJson, textAt } from '../read/at.js';
import type { StreamReading } from '../read/stream.js';
import type { SourceName } from '../sources.js';
import { ANSWERED, ASKED, CALL, GET_TIME, GET_WEATHER } from './weather.js';

/** Enough for a call with one argument and some words before it, in tokens. */
const CALL_TOKENS = 160;

const SOURCES: readonly SourceName[] = ['deepseek-tools', 'openai-tools'];
const OFFER = { messages: [ASKED], tools: [GET_WEATHER, GET_TIME] } as const;
const MUST_CALL: Fields = { ...OFFER, tool_choice: 'required', max_tokens: CALL_TOKENS, temperature: 0 };
const NAMED: Fields = { ...MUST_CALL, tool_choice: { type: 'function', function: { name: 'get_weather' } } };

/** A rule that is kept when a chat with these fields is answered. */
function accepted(name: string, rule: string, fields: Fields, profiles = EVERY): CheckCase {
  return {
    id: `tools/${name}`,
    rule,
    sources: SOURCES,
    profiles,
    cost: 'cheap',
    check: async (ask) => requireOk(await ask.chat(fields), 'tools'),
  };
}

/** A rule about the calls of an answer that has to have some. */
function called(
  name: string,
  rule: string,
  check: (calls: readonly unknown[], choice: unknown, ask: Ask) => void,
  fields: Fields = NAMED,
  profiles = EVERY,
): CheckCase {
  return {
    id: `tools/${name}`,
    rule,
    sources: SOURCES,
    profiles,
    cost: 'deep',
    async check(ask) {
      const choice = at(readAnswer(await ask.chat(fields), 'tools'), 'choices.0');
      check(listAt(choice, 'message.tool_calls'), choice, ask);
    },
  };
}

/** A rule about each call; that there is one is a rule of its own. */
function eachCall(
  name: string,
  rule: string,
  expected: string,
  holds: (call: unknown) => boolean,
  profiles = EVERY,
): CheckCase {
  return called(
    name,
    rule,
    (calls) => {
      requireCalls(calls);
      const wrong = calls.find((call) => !holds(call));
      must(wrong === undefined, expected, wrong);
    },
    NAMED,
    profiles,
  );
}

/** A rule about the streamed calls. */
function streamed(name: string, rule: string, check: (stream: StreamReading) => void): CheckCase {
  return {
    id: `tools/stream-${name}`,
    rule,
    sources: [...SOURCES, 'openai-stream'],
    profiles: EVERY,
    cost: 'deep',
    async check(ask) {
      const stream = readStreamed(await ask.stream(NAMED), 'tools');
      requireCalls(stream.calls);
      check(stream);
    },
  };
}

export const TOOLS_CASES: readonly CheckCase[] = [
  accepted('offered', 'A request may offer tools.', OFFER),
  accepted('no-parameters', 'A function may be without parameters.', { ...OFFER, tools: [GET_TIME] }),
  accepted('empty', 'tools may be null.', { tools: null }),
  accepted('strict-flag', 'A function may say strict.', {
    ...OFFER,
    tools: [{ type: 'function', function: { ...GET_WEATHER.function, strict: true } }],
  }),
  accepted('result', 'A conversation may have a call and its result in it.', { ...OFFER, messages: ANSWERED }),
  accepted('null-content', 'The content beside a call may be null.', {
    ...OFFER,
    messages: [ASKED, { role: 'assistant', content: null, tool_calls: [CALL] }, ANSWERED[2]],
  }),
  accepted('two-results', 'Two calls of one answer may be answered one after the other.', {
    ...OFFER,
    messages: [
      ASKED,
      { role: 'assistant', content: '', tool_calls: [CALL, { ...CALL, id: 'call_01_abcdefghijklmnopqrstuvwx' }] },
      ANSWERED[2],
      { ...ANSWERED[2], tool_call_id: 'call_01_abcdefghijklmnopqrstuvwx' },
    ],
  }),
  {
    id: 'tools/choice-none',
    rule: 'With tool_choice none no function is called.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'cheap',
    async check(ask) {
      const answer = readAnswer(await ask.chat({ ...OFFER, tool_choice: 'none' }), 'tools');
      const calls = listAt(answer, 'choices.0.message.tool_calls');
      must(calls.length === 0, 'no call', calls);
    },
  },
  called(
    'choice-required',
    'With tool_choice required a function is called.',
    (calls, choice) => must(calls.length > 0, 'a call', at(choice, 'message')),
    MUST_CALL,
  ),
  called('choice-named', 'With a tool_choice that names a function this one is called.', (calls, choice) => {
    must(calls.length > 0, 'a call', at(choice, 'message'));
    must(
      calls.every((call) => at(call, 'function.name') === 'get_weather'),
      'get_weather',
      calls,
    );
  }),
  eachCall('id', 'Every call has an id.', 'an id', (call) => isText(at(call, 'id'))),
  called('id-unique', 'No two calls have the same id.', (calls) => {
    requireCalls(calls);
    must(new Set(calls.map((call) => at(call, 'id'))).size === calls.length, 'each id once', calls);
  }),
  eachCall(
    'id-form',
    'The id of a call is call_, two digits and 24 letters and digits.',
    'call_00_…',
    (call) => /^call_\d\d_[A-Za-z0-9]{24}$/.test(textAt(call, 'id')),
    STRICT,
  ),
  eachCall('type', 'Every call is of the type function.', '"function"', (call) => at(call, 'type') === 'function'),
  eachCall('arguments-text', 'The arguments of a call are a text.', 'a text', (call) => {
    return typeof at(call, 'function.arguments') === 'string';
  }),
  called('arguments-json', 'The arguments of a call are a JSON object.', (calls, choice) => {
    requireWhole(calls, choice);
    const wrong = calls.find((call) => !isObject(parseJson(textAt(call, 'function.arguments'))));
    must(wrong === undefined, 'a JSON object', wrong);
  }),
  called('arguments-schema', 'The arguments of a call keep the schema of the function.', (calls, choice) => {
    requireWhole(calls, choice);
    for (const call of calls) {
      const given = parseJson(textAt(call, 'function.arguments'));
      if (!isObject(given)) skip('the arguments are no JSON object');
      // DeepSeek tells clients to look for themselves.
      should(typeof given.city === 'string' && Object.keys(given).length === 1, '{"city": "…"}', given);
    }
  }),
  called(
    'finish-reason',
    'An answer that calls ends with the finish_reason tool_calls.',
    (calls, choice, ask) => {
      requireWhole(calls, choice);
      const reason = at(choice, 'finish_reason');
      // OpenAI's own API has said stop where the call was forced.
      if (!ask.isDeepSeek) should(reason !== 'stop', '"tool_calls"', reason);
      must(reason === 'tool_calls', '"tool_calls"', reason);
    },
    MUST_CALL,
  ),
  eachCall(
    'index-buffered',
    'The calls of a buffered answer have an index too.',
    'an index',
    (call) => isCount(at(call, 'index')),
    STRICT,
  ),
  streamed('index', 'Every piece of a streamed call has the index of the call.', ({ calls }) => {
    must(
      calls.every(({ index }) => isCount(index)),
      'an index',
      calls,
    );
  }),
  streamed(
    'start',
    'The first piece of a streamed call has id, type and name, and no later one another id.',
    ({ calls }) => {
      for (const { pieces } of calls) {
        const [first, ...later] = pieces;
        must(isText(at(first, 'id')) && at(first, 'type') === 'function', 'id and type', first);
        must(isText(at(first, 'function.name')), 'a name', first);
        const other = later.find((piece) => isText(at(piece, 'id')) && at(piece, 'id') !== at(first, 'id'));
        must(other === undefined, show(at(first, 'id')), other);
      }
    },
  ),
  streamed(
    'arguments',
    'Put together, the arguments of a streamed call are a JSON object.',
    ({ calls, finishReasons }) => {
      if (finishReasons.includes('length')) skip('the call was cut');
      for (const call of calls) must(isObject(parseJson(call.arguments)), 'a JSON object', call.arguments);
    },
  ),
  streamed('finish', 'A stream that calls ends as the buffered answer does.', ({ finishReasons }) => {
    must(/^(?:tool_calls|stop|length)$/.test(String(finishReasons[0])), '"tool_calls"', finishReasons);
    should(finishReasons[0] !== 'stop', '"tool_calls"', finishReasons);
  }),
  {
    id: 'tools/round-trip',
    rule: 'The call that the model made is taken back with its result.',
    sources: SOURCES,
    profiles: EVERY,
    cost: 'deep',
    async check(ask) {
      const choice = at(readAnswer(await ask.chat(NAMED), 'tools'), 'choices.0');
      const calls = listAt(choice, 'message.tool_calls');
      requireWhole(calls, choice);
      // What is wrong with the arguments is another case's affair.
      if (calls.some((call) => parseJson(textAt(call, 'function.arguments')) === undefined)) skip('the call is broken');
      const results = calls.map((call) => ({ role: 'tool', tool_call_id: at(call, 'id'), content: 'Sunny' }));
      const messages = [ASKED, at(choice, 'message'), ...results];
      requireOk(await ask.chat({ messages, tools: OFFER.tools }));
    },
  },
];

function requireCalls(calls: readonly unknown[]): void {
  if (calls.length === 0) skip('the model called no function');
}

/** A call that max_tokens cut says nothing of its form. */
function requireWhole(calls: readonly unknown[], choice: unknown): void {
  requireCalls(calls);
  if (at(choice, 'finish_reason') === 'length') skip('the call was cut');
}
