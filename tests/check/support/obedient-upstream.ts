/**
 * A scripted vLLM that does everything that can be asked of an engine: it thinks, calls tools, writes JSON, tells
 * probabilities and remembers prompts. A token is a word.
 */
import {
  jsonOf,
  type RecordedRequest,
  type Script,
  ScriptedUpstream,
  streamOf,
} from '../../support/scripted-upstream.js';

/** What it calls its model. */
export const FAR_MODEL = 'far-model';

const CONTEXT_TOKENS = 4096;

// biome-ignore lint/suspicious/noExplicitAny: requests of every shape are looked into.
type Body = any;

const ANSWER =
  'Hello there, this is the engine behind the pool, and it says a little more than it was asked for today.';
const THOUGHT = 'They want a greeting, so a greeting it is, and nothing else at all.';

/** Starts it on a free port. */
export async function startObedientUpstream(): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.start();
  const seen = new Map<string, number>();
  upstream.answer('/health', { status: 200 });
  upstream.answer(
    '/v1/models',
    jsonOf({ object: 'list', data: [{ id: FAR_MODEL, object: 'model', max_model_len: CONTEXT_TOKENS }] }),
  );
  upstream.answer('/v1/chat/completions', (request) => answerChat(request, seen));
  upstream.answer('/v1/completions', answerText);
  return upstream;
}

function answerChat({ json }: RecordedRequest, seen: Map<string, number>): Script {
  const prompt = json.messages.map(({ content }: Body) => JSON.stringify(content ?? '')).join(' ');
  const usage = countPrompt(`${json.cache_salt} ${prompt}`, prompt, seen);
  if (usage.prompt_tokens > CONTEXT_TOKENS) {
    const message = `This model's maximum context length is ${CONTEXT_TOKENS} tokens.`;
    return jsonOf({ error: { message, type: 'BadRequestError', param: null, code: 400 } }, 400);
  }
  const call = calledFunction(json);
  const deltas = call === undefined ? writeWords(json) : writeCall(call);
  const limit = json.max_tokens ?? json.max_completion_tokens ?? 1000;
  const kept = deltas.slice(0, limit);
  const reason = kept.length < deltas.length ? 'length' : call === undefined ? 'stop' : 'tool_calls';
  const completion = { completion_tokens: kept.length, total_tokens: usage.prompt_tokens + kept.length };
  return streamOf(
    event(json, { role: 'assistant', content: '' }),
    ...kept.map((delta) => event(json, delta)),
    event(json, {}, reason),
    event(json, undefined, null, { ...usage, ...completion }),
    'data: [DONE]\n\n',
  );
}

function countPrompt(key: string, prompt: string, seen: Map<string, number>) {
  const tokens = prompt.split(/\s+/).length + 1;
  const cached = seen.get(key) ?? 0;
  seen.set(key, tokens - 1);
  return { prompt_tokens: tokens, prompt_tokens_details: { cached_tokens: cached } };
}

function calledFunction({ tools, tool_choice: choice }: Body): string | undefined {
  if (choice === 'required') return tools[0].function.name;
  return choice?.function?.name;
}

function writeCall(name: string): object[] {
  const head = { index: 0, id: 'call_far_1', type: 'function', function: { name, arguments: '' } };
  const pieces = ['{"city":', ' "Paris"}'].map((piece) => ({ index: 0, function: { arguments: piece } }));
  return [head, ...pieces].map((call) => ({ tool_calls: [call] }));
}

function writeWords(json: Body): object[] {
  const { enable_thinking, thinking } = json.chat_template_kwargs ?? {};
  const thought = enable_thinking || thinking ? wordsOf(THOUGHT).map((word) => ({ reasoning: word })) : [];
  const text = json.response_format?.type?.startsWith('json') ? '{"name": "Tom", "age": 3}' : ANSWER;
  return [...thought, ...wordsOf(untilStop(text, json.stop)).map((content) => ({ content }))];
}

/** As engines do, it ends before a stop text. */
function untilStop(text: string, stop: unknown): string {
  const ends = [stop ?? []]
    .flat()
    .map((each) => text.indexOf(String(each)))
    .filter((end) => end !== -1);
  return text.slice(0, Math.min(text.length, ...ends));
}

function wordsOf(text: string): string[] {
  return text.match(/ ?[^ ]+/g) ?? [];
}

function event(json: Body, delta: Body, finishReason: string | null = null, usage?: object): string {
  const logprobs = json.logprobs && delta?.content ? { content: [tokenOf(delta.content, json.top_logprobs)] } : null;
  const choices = delta === undefined ? [] : [{ index: 0, delta, logprobs, finish_reason: finishReason }];
  const head = { id: 'chatcmpl-far', object: 'chat.completion.chunk', created: 1, model: FAR_MODEL };
  return `data: ${JSON.stringify({ ...head, choices, ...(usage && { usage }) })}\n\n`;
}

function tokenOf(token: string, alternatives = 0) {
  const own = { token, logprob: -0.5, bytes: [...Buffer.from(token)] };
  return { ...own, top_logprobs: Array(alternatives).fill(own) };
}

function answerText({ json }: RecordedRequest): Script {
  const words = [' red,', ' green', ' and', ' blue.'].slice(0, json.max_tokens);
  const usage = { prompt_tokens: 5, completion_tokens: words.length, total_tokens: 5 + words.length };
  const chunk = (text: string, finish_reason: string | null, more = {}) =>
    `data: ${JSON.stringify({ id: 'cmpl-far', object: 'text_completion', created: 1, model: FAR_MODEL, choices: [{ index: 0, text, logprobs: null, finish_reason }], ...more })}\n\n`;
  return streamOf(...words.map((word) => chunk(word, null)), chunk('', 'stop', { usage }), 'data: [DONE]\n\n');
}
