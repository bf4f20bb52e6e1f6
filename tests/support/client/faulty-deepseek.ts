/**
 * A small imitation of the DeepSeek API that thinks, calls tools and insists on its contract, and whose every answer but
 * each `faults.length + 1`th is spoilt in another way: what a client meets in a bad hour, in a fixed order.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const HELLO = 'Hello from afar';
export const THOUGHT = 'I must look at the weather.';
export const REPORT = 'It is sunny in Bern.';
export const CALLED_WITH = { city: 'Bern' };

type Json = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: the imitation trusts its clients.
type Body = any;
type Fault = (response: ServerResponse, isStream: boolean) => void;

const refuse = (status: number, message: string, headers: Record<string, string> = {}): Fault => {
  const body = JSON.stringify({ error: { message, type: 'fault', code: null, param: null } });
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
};
const begin = (response: ServerResponse, isStream: boolean) =>
  response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });

export const FAULTS: Readonly<Record<string, Fault>> = {
  '500': refuse(500, 'Internal error'),
  '503 with retry-after-ms': refuse(503, 'Overloaded', { 'retry-after-ms': '5' }),
  '429 with retry-after-ms': refuse(429, 'Rate limit reached', { 'retry-after-ms': '5' }),
  '502 of a proxy': (response) =>
    void response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad gateway</html>'),
  'a reset': (response) => void response.socket?.resetAndDestroy(),
  'blank lines only': (response, isStream) => void begin(response, isStream).end('\n\n\n'),
  'an error inside of a 200': (response, isStream) => {
    const error = JSON.stringify({ error: { message: 'Out of memory', type: 'server_error', code: 500 } });
    begin(response, isStream).end(isStream ? `: keep-alive\n\ndata: ${error}\n\n` : `\n\n${error}`);
  },
  'a cut before the first token': (response, isStream) => {
    begin(response, isStream).write(isStream ? ': keep-alive\n\n' : '\n{"id": "x", "choi');
    setTimeout(() => response.socket?.destroy(), 5);
  },
};

export interface FaultyDeepSeek {
  /** Without a path. */
  readonly origin: string;
  /** Requests that were answered well. */
  readonly answered: number;
  /** Requests that were spoilt. */
  readonly spoilt: number;
  /** Requests that broke the contract: reasoning that was not sent back. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

/** @param faults In the order in which they come, round and round, each before one answer that is well. */
export async function startFaultyDeepSeek(faults: readonly string[] = Object.keys(FAULTS)): Promise<FaultyDeepSeek> {
  const state = { requests: 0, answered: 0, spoilt: 0, refused: [] as string[] };
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body: Body = JSON.parse(Buffer.concat(pieces).toString());
    const number = state.requests++;
    // Every second one is well, so that a client that gives up after a few attempts comes through as well.
    const fault = number % 2 === 0 ? faults[(number / 2) % faults.length] : undefined;
    if (fault !== undefined) {
      state.spoilt++;
      return FAULTS[fault]!(response, body.stream === true);
    }
    const complaint = request.url?.endsWith('/messages') ? undefined : findBreach(body);
    if (complaint !== undefined) {
      state.refused.push(complaint);
      return refuse(400, complaint)(response, false);
    }
    state.answered++;
    if (request.url?.endsWith('/messages')) answerMessages(response, body);
    else answerChat(response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get answered() {
      return state.answered;
    },
    get spoilt() {
      return state.spoilt;
    },
    refused: state.refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The contract's rule on reasoning: turns with calls come back with what was thought. */
function findBreach({ messages }: Body): string | undefined {
  const turn = messages.find((message: Json) => message.role === 'assistant' && Array.isArray(message.tool_calls));
  if (turn === undefined || turn.reasoning_content === THOUGHT) return undefined;
  return 'The `reasoning_content` in the thinking mode must be passed back to the API.';
}

function answerChat(response: ServerResponse, { messages, tools, stream, model }: Body): void {
  const isCalling = Array.isArray(tools) && messages.at(-1).role !== 'tool';
  const content = isCalling ? '' : messages.at(-1).role === 'tool' ? REPORT : HELLO;
  const call = {
    id: 'call_0',
    type: 'function',
    function: { name: 'get_weather', arguments: JSON.stringify(CALLED_WITH) },
  };
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const head = { id: 'chatcmpl-1', created: 1, model };
  const finish = isCalling ? 'tool_calls' : 'stop';
  const calls = isCalling ? { tool_calls: [call] } : {};
  if (stream !== true) {
    const message = { role: 'assistant', content, reasoning_content: THOUGHT, ...calls };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
    return void begin(response, false).end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
  }
  const deltas: Json[] = [
    { role: 'assistant', content: null, reasoning_content: '' },
    ...split(THOUGHT).map((piece) => ({ content: null, reasoning_content: piece })),
    ...split(content).map((piece) => ({ content: piece })),
    ...(isCalling ? [{ tool_calls: [{ index: 0, ...call }] }] : []),
  ];
  const chunk = (delta: Json, more: Json = {}) => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: null, ...more }];
    return `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices, ...(more.finish_reason ? { usage } : {}) })}\n\n`;
  };
  begin(response, true);
  for (const delta of deltas) response.write(chunk(delta));
  response.end(`${chunk({}, { finish_reason: finish })}data: [DONE]\n\n`);
}

function answerMessages(response: ServerResponse, { messages, tools, stream, model }: Body): void {
  const last = messages.at(-1).content;
  const hasResult = Array.isArray(last) && last.some((block: Json) => block.type === 'tool_result');
  const isCalling = Array.isArray(tools) && !hasResult;
  const text = hasResult ? REPORT : HELLO;
  const content: Json[] = isCalling
    ? [
        { type: 'thinking', thinking: THOUGHT, signature: 'x' },
        { type: 'tool_use', id: 'toolu_0', name: 'get_weather', input: CALLED_WITH },
      ]
    : [{ type: 'text', text }];
  const head = { id: 'msg_1', type: 'message', role: 'assistant', model };
  const stop_reason = isCalling ? 'tool_use' : 'end_turn';
  const usage = { input_tokens: 10, output_tokens: 5 };
  if (stream !== true) {
    return void begin(response, false).end(
      JSON.stringify({ ...head, content, stop_reason, stop_sequence: null, usage }),
    );
  }
  const event = (type: string, fields: Json) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  begin(response, true);
  event('message_start', {
    message: {
      ...head,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 0 },
    },
  });
  content.forEach((block, index) => {
    const [empty, deltas] = streamBlock(block);
    event('content_block_start', { index, content_block: empty });
    for (const delta of deltas) event('content_block_delta', { index, delta });
    event('content_block_stop', { index });
  });
  event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } });
  event('message_stop', {});
  response.end();
}

function streamBlock(block: Json): [empty: Json, deltas: Json[]] {
  if (block.type === 'text') {
    return [{ type: 'text', text: '' }, split(String(block.text)).map((text) => ({ type: 'text_delta', text }))];
  }
  if (block.type === 'thinking') {
    return [
      { type: 'thinking', thinking: '', signature: '' },
      split(THOUGHT).map((thinking) => ({ type: 'thinking_delta', thinking })),
    ];
  }
  const given = JSON.stringify(block.input);
  return [{ ...block, input: {} }, split(given).map((partial_json) => ({ type: 'input_json_delta', partial_json }))];
}

function split(text: string): string[] {
  return text.match(/.{1,7}/gs) ?? [];
}
