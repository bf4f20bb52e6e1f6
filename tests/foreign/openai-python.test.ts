/** The unmodified OpenAI SDK for Python against the real server. */
import assert from 'node:assert/strict';
import {
  assertRefusals,
  describePythonClient,
  OPENAI_ERRORS,
  type SeenError,
  type SeenRefusals,
} from './support/python-client.js';
import { AFTER_CALL, CALLED_WITH, HELLO, REPORT, THOUGHT } from './support/scripted-servers.js';

interface Reasoned {
  readonly reasoning: string;
  readonly content: string;
}

interface Seen {
  readonly chat: {
    readonly content: string;
    readonly finish_reason: string;
    readonly hit_and_miss: number;
    readonly prompt_tokens: number;
    readonly request_id: string;
  };
  readonly stream: { readonly content: string; readonly total_tokens: number };
  readonly reasoner: Reasoned;
  readonly streamed_reasoner: Reasoned;
  readonly thinking_in_extra_body: { readonly reasoning: string };
  readonly asynchronous: readonly string[];
  readonly models: { readonly ids: readonly string[]; readonly one: string };
  readonly tool_loop: unknown;
  readonly streamed_call: unknown;
  readonly parsed: unknown;
  readonly absent: SeenError | null;
  readonly refusals: SeenRefusals;
  readonly patience: string;
}

describePythonClient<Seen>(
  { name: 'the OpenAI SDK for Python', script: 'openai_sdk.py', requirements: 'openai' },
  {
    'gets a chat completion': ({ chat }) => {
      assert.deepEqual([chat.content, chat.finish_reason], [HELLO, 'stop']);
      assert.equal(chat.hit_and_miss, chat.prompt_tokens);
      assert.match(chat.request_id, /^[0-9a-f]{32}$/);
    },
    'streams a chat completion, with its usage': ({ stream }) => {
      assert.equal(stream.content, HELLO);
      assert.ok(stream.total_tokens > 0);
    },
    'gets the reasoning, streamed and not, and by asking for thinking': (seen) => {
      const expected = { reasoning: THOUGHT, content: HELLO };
      assert.deepEqual([seen.reasoner, seen.streamed_reasoner], [expected, expected]);
      assert.deepEqual(seen.thinking_in_extra_body, { reasoning: THOUGHT });
    },
    'gets several answers at once, asynchronously': ({ asynchronous }) => {
      assert.deepEqual(asynchronous, Array(8).fill(HELLO));
    },
    'lists and retrieves models': ({ models }) => {
      assert.deepEqual(models, { ids: ['deepseek-chat', 'deepseek-reasoner'], one: 'deepseek-chat' });
    },
    'loops over a tool until the answer, and gets its call in a stream': ({ tool_loop, streamed_call }) => {
      assert.deepEqual(tool_loop, [1, AFTER_CALL]);
      assert.deepEqual(streamed_call, ['get_weather', CALLED_WITH]);
    },
    'parses an object of a schema with its own helper, streamed and not': ({ parsed }) => {
      assert.deepEqual(parsed, [REPORT, REPORT]);
    },
    'raises its own error classes with our sentences': ({ refusals, absent }) => {
      assertRefusals(refusals, OPENAI_ERRORS);
      assert.equal(absent?.class, 'NotFoundError');
    },
    'comes again by itself when Retry-After says so, and is answered': ({ patience }, { refusing }) => {
      assert.equal(patience, 'Hi');
      refusing.assertPatience();
    },
  },
);
