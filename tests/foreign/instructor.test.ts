/** The unmodified instructor over the OpenAI SDK for Python against the real server. */
import assert from 'node:assert/strict';
import { assertRefusals, describePythonClient, OPENAI_ERRORS, type SeenRefusals } from './support/python-client.js';
import { HELLO, REPORT, THOUGHT } from './support/scripted-servers.js';

interface Seen {
  readonly chat: readonly [whole: string, streamed: string];
  readonly structured: Record<string, unknown>;
  readonly by_name: unknown;
  readonly with_completion: { readonly answer: unknown; readonly total_tokens: number };
  readonly reasoner: { readonly answer: unknown; readonly reasoning: string };
  readonly corrected: unknown;
  readonly refusals: SeenRefusals;
  readonly patience: string;
}

describePythonClient<Seen>(
  { name: 'instructor', script: 'instructor_client.py', requirements: 'frameworks' },
  {
    'gets a plain answer where no object is asked for, streamed and not': ({ chat }) => {
      assert.deepEqual(chat, [HELLO, HELLO]);
    },
    'gets an object in every mode, whole and in parts': ({ structured }) => {
      const both = { whole: REPORT, streamed: REPORT };
      assert.deepEqual(structured, { TOOLS: both, JSON: both, JSON_SCHEMA: both });
    },
    'reaches us as its provider deepseek': ({ by_name }) => {
      assert.deepEqual(by_name, REPORT);
    },
    'gets usage beside the object': ({ with_completion }) => {
      assert.deepEqual(with_completion.answer, REPORT);
      assert.ok(with_completion.total_tokens > 0);
    },
    'gets the reasoning beside the object': ({ reasoner }) => {
      assert.deepEqual(reasoner, { answer: REPORT, reasoning: THOUGHT });
    },
    'asks again with the error when an object does not pass its own validators': ({ corrected }) => {
      assert.deepEqual(corrected, { answer: REPORT, attempts: 2 });
    },
    'hands on the error classes of the OpenAI SDK': ({ refusals }) => {
      assertRefusals(refusals, OPENAI_ERRORS);
    },
    'comes again by itself when Retry-After says so, and is answered': ({ patience }, { refusing }) => {
      assert.equal(patience, 'Hi');
      refusing.assertPatience();
    },
  },
);
