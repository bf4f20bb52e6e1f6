/** Prompts that begin like earlier ones: what is counted as a cache hit, and that the text does not depend on it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ChatRequest } from '@plumb/wire';
import { type Outcome, startEngine, type TestEngine } from '../support/engine-process.js';
import { writeRandomModel } from '../support/gguf/random-model.js';

const folder = mkdtempSync(join(tmpdir(), 'plumb-cache-'));
after(() => rmSync(folder, { recursive: true }));

let engine: TestEngine;
before(async () => {
  const modelPath = join(folder, 'random.gguf');
  writeRandomModel(modelPath);
  engine = await startEngine({ modelPath });
});
after(() => engine.stop());

const STORY = 'We plumb a lake with a line and a piece of lead. '.repeat(8);

function ask(messages: ChatRequest['messages'], scope: string, fields: Partial<ChatRequest> = {}): Promise<Outcome> {
  return engine.run({ messages, temperature: 0, max_tokens: 16, ...fields }, { scope });
}

function hits({ usage }: Outcome): number {
  assert.equal(usage!.prompt_cache_hit_tokens + usage!.prompt_cache_miss_tokens, usage!.prompt_tokens);
  assert.equal(usage!.prompt_tokens_details.cached_tokens, usage!.prompt_cache_hit_tokens);
  return usage!.prompt_cache_hit_tokens;
}

describe('the prefix cache', () => {
  test('serves the second turn of a conversation from the first', async () => {
    const user = { role: 'user' as const, content: STORY };
    const first = await ask([user], 'turns');
    assert.equal(hits(first), 0);
    const turns = [user, { role: 'assistant' as const, content: first.content }, { ...user, content: 'And then?' }];
    const second = await ask(turns, 'turns');
    assert.ok(hits(second) >= first.usage!.prompt_tokens, 'the whole first prompt is reused');
    const fresh = await ask(turns, 'turns of somebody else');
    assert.equal(hits(fresh), 0);
    assert.equal(second.content, fresh.content, 'and the answer is the same as without');
  });

  test('serves the same prompt again but for its last token, with the same answer', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: `Again: ${STORY}` }];
    const first = await ask(messages, 'again');
    const second = await ask(messages, 'again');
    assert.equal(hits(second), second.usage!.prompt_tokens - 1);
    assert.equal(second.content, first.content);
    assert.equal((await ask(messages, 'again', { stream: false })).content, first.content);
  });

  test('serves nobody from the prompts of another scope', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: `Secret: ${STORY}` }];
    await ask(messages, 'one');
    assert.equal(hits(await ask(messages, 'two')), 0);
    assert.ok(hits(await ask(messages, 'one')) > 0);
  });

  test('serves a prompt from one that is still being answered', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: `At once: ${STORY}` }];
    const running = engine.start({ messages, temperature: 0, max_tokens: 400 }, { scope: 'busy' });
    await running.seen(1);
    const other = await ask(messages, 'busy');
    running.abort();
    const { usage } = await running.outcome;
    assert.ok(usage!.completion_tokens < 400, 'the first one was still running');
    assert.equal(hits(other), other.usage!.prompt_tokens - 1);
    assert.equal(other.content, (await ask(messages, 'later')).content);
  });

  test('forgets what is used least when many conversations pass', async () => {
    const messages: ChatRequest['messages'] = [{ role: 'user', content: `Old: ${STORY}` }];
    await ask(messages, 'old');
    for (let index = 0; index < 8; index++) await ask([{ role: 'user', content: `${index} ${STORY}` }], `new ${index}`);
    assert.equal(hits(await ask(messages, 'old')), 0);
  });
});
