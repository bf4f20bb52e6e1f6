/** Servers that break one rule each: the right cases fail and no others. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { changeChunk, changeEvents, changeJson, type Passing, startBrokenServer } from './support/broken-server.js';
import { deviations, runCheck } from './support/run-check.js';

interface Breakage {
  readonly what: string;
  readonly change: (answer: Passing) => void;
  readonly fails: readonly string[];
}

const isChat = ({ path, status }: Passing) => path.endsWith('/chat/completions') && status === 200;

const BREAKAGES: readonly Breakage[] = [
  {
    what: 'counts one token too many in the total',
    change: (answer) => isChat(answer) && changeJson(answer, ({ usage }) => (usage.total_tokens += 1)),
    fails: ['response/usage-sum'],
  },
  {
    what: 'forgets [DONE]',
    change: (answer) => changeEvents(answer, (events) => events.filter((event) => event !== 'data: [DONE]')),
    fails: ['stream/done'],
  },
  {
    what: 'gives every chunk an id of its own',
    change: (answer) =>
      changeEvents(answer, (events) =>
        events.map((event, index) => changeChunk(event, (chunk) => (chunk.id = `${chunk.id}-${index}`))),
      ),
    fails: ['stream/same-id'],
  },
  {
    what: 'sends errors without the error object',
    change: (answer) =>
      answer.status === 400 &&
      changeJson(answer, (value) => {
        value.detail = value.error?.message;
        delete value.error;
      }),
    fails: ['errors/envelope'],
  },
  {
    what: 'says 404 to a body without messages',
    change: (answer) => {
      if (answer.path.endsWith('/chat/completions') && answer.asked?.model && !answer.asked.messages)
        answer.status = 404;
    },
    fails: ['errors/messages-missing'],
  },
  {
    what: 'cuts the arguments of calls',
    change: (answer) =>
      isChat(answer) &&
      changeJson(answer, ({ choices }) => {
        for (const call of choices[0].message.tool_calls ?? []) {
          call.function.arguments = call.function.arguments.slice(0, -1);
        }
      }),
    fails: ['tools/arguments-json'],
  },
  {
    what: 'leaves the role out of streams',
    change: (answer) =>
      changeEvents(answer, (events) =>
        events.map((event) => changeChunk(event, ({ choices }) => delete choices[0]?.delta?.role)),
      ),
    fails: ['stream/role'],
  },
  {
    what: 'finds more in the cache than there was in the prompt',
    change: (answer) => isChat(answer) && changeJson(answer, ({ usage }) => (usage.prompt_cache_miss_tokens += 1)),
    fails: ['cache/sum'],
  },
  {
    what: 'takes a key that does not exist',
    change: (answer) => {
      if (answer.headers['content-type'] === 'application/json' && answer.body.includes('****0000'))
        answer.status = 200;
    },
    fails: ['auth/wrong-key', 'auth/chat-wrong-key'],
  },
  {
    what: 'streams without saying so',
    change: (answer) => {
      if (answer.headers['content-type']?.startsWith('text/event-stream'))
        answer.headers['content-type'] = 'text/plain';
    },
    fails: ['stream/content-type'],
  },
  {
    what: 'goes on after [DONE]',
    change: (answer) => changeEvents(answer, (events) => [...events, 'data: {"after":true}']),
    fails: ['stream/nothing-after-done'],
  },
  {
    what: 'names its events',
    change: (answer) => changeEvents(answer, (events) => events.map((event) => `event: chunk\n${event}`)),
    fails: ['stream/data-only'],
  },
];

let good: TestServer;
before(async () => {
  good = await startPlumb({
    script: 'tool',
    settings: { engine: { context_tokens: 4096 }, default_tier: 'unlimited' },
  });
});
after(() => good.stop());

for (const { what, change, fails } of BREAKAGES) {
  test(`a server that ${what} fails ${fails.join(', ') || 'nothing'} and nothing else`, async () => {
    const broken = await startBrokenServer(good.url, change);
    try {
      const options = { baseUrl: `${broken.url}/v1`, key: good.key, model: 'deepseek-chat', deep: true } as const;
      const checked = await runCheck({ ...options, profile: 'deepseek', skip: ['limits/oversize'] });
      assert.deepEqual(Object.keys(deviations(checked)), fails, JSON.stringify(deviations(checked), null, 1));
    } finally {
      await broken.close();
    }
  });
}

test('a server that is only passed on fails nothing', async () => {
  const same = await startBrokenServer(good.url, () => {});
  try {
    const checked = await runCheck({
      baseUrl: `${same.url}/v1`,
      key: good.key,
      model: 'deepseek-chat',
      profile: 'deepseek',
      deep: true,
    });
    assert.deepEqual(deviations(checked), {});
  } finally {
    await same.close();
  }
});
