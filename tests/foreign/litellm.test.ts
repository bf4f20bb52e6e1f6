/** The unmodified LiteLLM with its provider `deepseek` against the real server. */
import assert from 'node:assert/strict';
import { assertRefusals, describePythonClient, type SeenRefusals } from './support/python-client.js';
import { AFTER_CALL, BEFORE_CALL, CALLED_WITH, HELLO, REPORT, THOUGHT } from './support/scripted-servers.js';

interface Answer {
  readonly content: string;
  readonly reasoning: string | null;
  readonly finish_reason: string;
  readonly calls: readonly unknown[];
  readonly total_tokens: number;
}

interface Seen {
  readonly chat: Answer;
  readonly stream: Answer;
  readonly reasoner: Answer;
  readonly streamed_reasoner: Answer;
  readonly effort: Answer;
  readonly tool_loop: readonly [Answer, Answer];
  readonly streamed_call: Answer;
  readonly thinking_tool_loop: readonly [Answer, Answer];
  readonly structured: Record<string, unknown>;
  readonly refusals: SeenRefusals;
  readonly patience: string;
}

describePythonClient<Seen>(
  { name: 'litellm', script: 'litellm_client.py', requirements: 'frameworks' },
  {
    'gets an answer, streamed and not, with the same usage': ({ chat, stream }) => {
      for (const answer of [chat, stream]) assert.deepEqual([answer.content, answer.finish_reason], [HELLO, 'stop']);
      assert.ok(chat.total_tokens > 0);
      assert.equal(chat.total_tokens, stream.total_tokens);
    },
    'gets the reasoning, streamed and not, and by asking for an effort': ({ reasoner, streamed_reasoner, effort }) => {
      for (const { reasoning, content } of [reasoner, streamed_reasoner, effort]) {
        assert.deepEqual([reasoning, content], [THOUGHT, HELLO]);
      }
    },
    'loops over a tool until the answer, and gets its call in a stream': ({ tool_loop, streamed_call }) => {
      const [call, answer] = tool_loop;
      for (const { content, calls, finish_reason } of [call, streamed_call]) {
        assert.deepEqual([content.trim(), finish_reason], [BEFORE_CALL, 'tool_calls']);
        assert.deepEqual(calls, [['get_weather', CALLED_WITH]]);
      }
      assert.deepEqual([answer.content, answer.finish_reason], [AFTER_CALL, 'stop']);
    },
    'goes on thinking after a tool': ({ thinking_tool_loop }) => {
      for (const { reasoning } of thinking_tool_loop) assert.equal(reasoning, THOUGHT);
    },
    'gets an object, with and without a schema': ({ structured }) => {
      assert.deepEqual(structured, { json_object: REPORT, json_schema: REPORT });
    },
    'raises its own error classes': ({ refusals }) => {
      assertRefusals(refusals, {
        wrong_key: 'litellm.AuthenticationError',
        wrong_model: 'litellm.BadRequestError',
        // Its own PaymentRequiredError is not used for this provider; the status is still 402.
        poor: 'litellm.BadRequestError',
        over_limit: 'litellm.RateLimitError',
        no_engine: 'litellm.ServiceUnavailableError',
      });
    },
    'comes again by itself when Retry-After says so, through its router, and is answered': (
      { patience },
      { refusing },
    ) => {
      assert.equal(patience, 'Hi');
      refusing.assertPatience();
    },
  },
);
