/** The unmodified LangChain for Python with its DeepSeek integration against the real server. */
import assert from 'node:assert/strict';
import { assertRefusals, describePythonClient, OPENAI_ERRORS, type SeenRefusals } from './support/python-client.js';
import { AFTER_CALL, BEFORE_CALL, CALLED_WITH, HELLO, REPORT, THOUGHT } from './support/scripted-servers.js';

interface Message {
  readonly content: string;
  readonly reasoning: string | null;
  readonly calls: readonly unknown[];
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number; readonly total_tokens: number };
}

interface Seen {
  readonly chat: Message;
  readonly stream: Message;
  readonly reasoner: Message;
  readonly streamed_reasoner: Message;
  readonly tool_loop: readonly [Message, Message];
  readonly streamed_tool_loop: readonly [Message, Message];
  readonly thinking_tool_loop: readonly [Message, Message];
  readonly structured: Record<string, unknown>;
  readonly refusals: SeenRefusals;
  readonly patience: string;
}

const client = {
  name: 'langchain-deepseek',
  script: 'langchain_deepseek_client.py',
  requirements: 'frameworks',
} as const;

describePythonClient<Seen>(client, {
  'gets an answer, streamed and not, with the same usage': ({ chat, stream }) => {
    assert.deepEqual([chat.content, stream.content], [HELLO, HELLO]);
    assert.ok(chat.usage.input_tokens > 0 && chat.usage.output_tokens > 0);
    assert.equal(chat.usage.total_tokens, stream.usage.total_tokens);
  },
  'gets the reasoning, streamed and not': ({ reasoner, streamed_reasoner }) => {
    for (const { reasoning, content } of [reasoner, streamed_reasoner]) {
      assert.deepEqual([reasoning, content], [THOUGHT, HELLO]);
    }
  },
  'loops over a tool until the answer, streamed and not': ({ tool_loop, streamed_tool_loop }) => {
    for (const [call, answer] of [tool_loop, streamed_tool_loop]) {
      assert.equal(call.content.trim(), BEFORE_CALL);
      assert.deepEqual(call.calls, [['get_weather', CALLED_WITH]]);
      assert.deepEqual([answer.content, answer.calls], [AFTER_CALL, []]);
    }
  },
  'goes on thinking after a tool, although it never sends the reasoning back': ({ thinking_tool_loop }) => {
    for (const { reasoning } of thinking_tool_loop) assert.equal(reasoning, THOUGHT);
  },
  'gets an object of a schema by every method': ({ structured }) => {
    assert.deepEqual(structured, { function_calling: REPORT, json_mode: REPORT, json_schema: REPORT });
  },
  'raises its own error classes, which are those of the OpenAI SDK too': ({ refusals }) => {
    assertRefusals(refusals, OPENAI_ERRORS);
    assertRefusals(refusals, {
      wrong_key: 'langchain_core.ModelAuthenticationError',
      wrong_model: 'langchain_core.ModelInvalidRequestError',
      // It has no class of its own for this one.
      poor: 'openai.APIStatusError',
      over_limit: 'langchain_core.ModelRateLimitError',
      no_engine: 'langchain_core.ModelAPIError',
    });
  },
  'comes again by itself when Retry-After says so, and is answered': ({ patience }, { refusing }) => {
    assert.equal(patience, 'Hi');
    refusing.assertPatience();
  },
});
