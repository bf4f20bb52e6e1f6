/** What a load asks. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { loadDeepSeekTokenizer } from '#client/tokens/deepseek/index.js';
import { readInputLines } from '#server/load/input-lines.js';
import { type LoadRequest, type MixOptions, RequestMix } from '#server/load/request-mix.js';
import { randomFor } from '#server/load/seeds.js';
import { drawTokens, readTokenLengths } from '#server/load/token-lengths.js';

const MIX: MixOptions = {
  seed: 7,
  models: [{ id: 'deepseek-chat', weight: 1 }],
  promptTokens: { kind: 'fixed', tokens: 400 },
  answerTokens: { kind: 'fixed', tokens: 50 },
  prefixShare: 0,
  streamShare: 1,
  toolShare: 0,
};

interface Body {
  readonly model: string;
  readonly messages: readonly { readonly content: string }[];
  readonly max_tokens?: number;
  readonly stream: boolean;
  readonly tools?: readonly object[];
}

function bodyOf(request: LoadRequest): Body {
  return JSON.parse(request.body) as Body;
}

function make(options: Partial<MixOptions>, count: number): Body[] {
  const mix = new RequestMix({ ...MIX, ...options });
  return Array.from({ length: count }, (_, number) => bodyOf(mix.make(number)));
}

const promptOf = ({ messages }: Body) => messages[0]?.content ?? '';

describe('a request of a load', () => {
  test('is the same for the same seed and number, in whatever order it is made', () => {
    const mix = new RequestMix({ ...MIX, prefixShare: 0.5, toolShare: 0.5, streamShare: 0.5 });
    const inOrder = [0, 1, 2, 3].map((number) => mix.make(number));
    const again = new RequestMix({ ...MIX, prefixShare: 0.5, toolShare: 0.5, streamShare: 0.5 });
    assert.deepEqual(
      [3, 1, 0, 2].map((number) => again.make(number)),
      [3, 1, 0, 2].map((number) => inOrder[number]),
    );
    assert.notEqual(new RequestMix({ ...MIX, seed: 8 }).make(0).body, inOrder[0]?.body);
  });

  test('has a prompt of about as many tokens as it should', async () => {
    const tokenizer = await loadDeepSeekTokenizer();
    for (const tokens of [50, 400, 3000]) {
      const [body] = make({ promptTokens: { kind: 'fixed', tokens } }, 1);
      const counted = tokenizer.count(promptOf(body!));
      assert.ok(Math.abs(counted - tokens) <= Math.max(3, tokens * 0.05), `${counted} for ${tokens}`);
    }
  });

  test('shares as much of its prompt with all others as it should, and nothing else', () => {
    const [one, other] = make({ prefixShare: 0.5 }, 2).map(promptOf) as [string, string];
    const common = [...one].findIndex((character, index) => character !== other[index]);
    const part = common / one.length;
    assert.ok(part > 0.45 && part < 0.55, `${part}`);
    const [first, second] = make({}, 2).map(promptOf) as [string, string];
    assert.notEqual(first.slice(0, 40), second.slice(0, 40));
  });

  test('streams, brings tools and asks models in their shares', () => {
    const models = [
      { id: 'large', weight: 3 },
      { id: 'small', weight: 1 },
    ];
    const bodies = make({ models, streamShare: 0.3, toolShare: 0.2 }, 2000);
    const part = (test: (body: Body) => boolean) => bodies.filter(test).length / bodies.length;
    assert.ok(Math.abs(part(({ stream }) => stream) - 0.3) < 0.03);
    assert.ok(Math.abs(part(({ tools }) => tools !== undefined) - 0.2) < 0.03);
    assert.ok(Math.abs(part(({ model }) => model === 'large') - 0.75) < 0.03);
    assert.ok(make({ streamShare: 0 }, 50).every(({ stream }) => !stream));
  });

  test('has the lengths of a trace where it has any', () => {
    const { max_tokens } = bodyOf(new RequestMix(MIX).make(0, { promptTokens: 30, answerTokens: 9 }));
    assert.equal(max_tokens, 9);
  });
});

describe('lengths', () => {
  test('are fixed, even or lognormal', () => {
    const draw = (text: string) => {
      const random = randomFor(1, 'lengths');
      const lengths = readTokenLengths(text);
      return Array.from({ length: 20_000 }, () => drawTokens(lengths, random)).sort((one, other) => one - other);
    };
    assert.deepEqual([...new Set(draw('500'))], [500]);
    const even = draw('100-300');
    assert.deepEqual([even[0], even.at(-1)], [100, 300]);
    assert.ok(Math.abs((even[10_000] ?? 0) - 200) < 5);
    const skewed = draw('500,2000');
    assert.ok(Math.abs((skewed[10_000] ?? 0) / 500 - 1) < 0.05);
    assert.ok(Math.abs((skewed[19_000] ?? 0) / 2000 - 1) < 0.05);
  });

  test('are refused with the forms that there are', () => {
    for (const text of ['', '0', 'many', '5-', '900-100', '2000,500', '9999999']) {
      assert.throws(() => readTokenLengths(text), /100-900/, text);
    }
  });
});

async function writeLines(context: TestContext, lines: readonly object[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-load-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'in.jsonl');
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

describe('lines of a batch file', () => {
  const messages = [{ role: 'user', content: 'Say 1.' }];

  test('are asked in their order and again, as they are', async (context) => {
    const path = await writeLines(context, [
      { custom_id: 'a', body: { model: 'own', messages, max_tokens: 3, stream: true, temperature: 0 } },
      { prompt: 'Hi' },
    ]);
    const lines = await readInputLines(path);
    const mix = new RequestMix({ ...MIX, lines, answerTokens: undefined, streamShare: 0 });
    const [first, second, third] = [0, 1, 2].map((number) => bodyOf(mix.make(number)));
    assert.deepEqual(first, { model: 'own', messages, max_tokens: 3, temperature: 0, stream: false });
    assert.deepEqual(second, {
      model: 'deepseek-chat',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: false,
    });
    assert.deepEqual(third, first);
  });

  test('are refused by their number', async (context) => {
    const embedding = { custom_id: 'a', url: '/v1/embeddings', body: { model: 'm', input: 'Hi' } };
    await assert.rejects(
      readInputLines(await writeLines(context, [{ prompt: 'Hi' }, embedding])),
      /Line 2 .*embeddings/,
    );
    await assert.rejects(readInputLines(await writeLines(context, [{ nothing: 1 }])), /Line 1/);
    await assert.rejects(readInputLines(await writeLines(context, [])), /has no lines/);
  });
});
