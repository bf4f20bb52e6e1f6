/** `plumb chat` as a conversation on a terminal: a real pseudo terminal, keys that are pressed, what is shown. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, type TestContext, test } from 'node:test';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { chunk, failing, models, streamSaying, streamWith } from './support/answers.js';
import { missingTerminal, Terminal } from './support/terminal.js';
import { User } from './support/user.js';

const KEY = 'sk-test-0123456789abcdefghijklmnopqrstuv';
const CONTROL_C = '\u0003';
const CONTROL_D = '\u0004';
const DIM = '\u001b[2m';

let endpoint: ScriptedUpstream;
let user: User;
let missing: string | undefined;
before(async () => {
  endpoint = await ScriptedUpstream.start();
  missing = await missingTerminal();
});
after(() => endpoint.close());
beforeEach(async () => {
  user = await User.create();
  endpoint.requests.length = 0;
  endpoint.answer('/v1/models', models('first'));
  endpoint.answerChat((_request, number) => streamSaying([`Answer ${number + 1}`, '.']));
});
afterEach(() => {
  user.assertNeverSaw(KEY);
  return user.remove();
});

/** Starts a command on a terminal; undefined, with the test skipped by name, where there is none. */
function open(context: TestContext, ...args: string[]): Terminal | undefined {
  if (missing !== undefined) {
    context.skip(missing);
    return undefined;
  }
  const environment = { PLUMB_BASE_URL: endpoint.url, PLUMB_API_KEY: KEY, NO_COLOR: '' };
  return new Terminal(user, args, environment);
}

const asked = () => endpoint.requests.filter(({ method }) => method === 'POST').map(({ json }) => json);

describe('plumb chat on a terminal', () => {
  test('talks over several turns, and ends at Ctrl-D', async (context) => {
    const terminal = open(context, 'chat', '-s', 'Be kind.');
    if (terminal === undefined) return;
    await terminal.sees(`first at ${endpoint.url}. /help shows what there is, Ctrl-D ends.`);
    await terminal.sees('> ');
    terminal.type('One?\r');
    await terminal.sees('Answer 1.\n');
    await terminal.sees('> ');
    terminal.type('Two?\r');
    await terminal.sees('Answer 2.\n');
    await terminal.sees('> ');
    terminal.type(CONTROL_D);
    assert.equal(await terminal.ended(), 0);
    assert.deepEqual(asked()[1].messages, [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'One?' },
      { role: 'assistant', content: 'Answer 1.' },
      { role: 'user', content: 'Two?' },
    ]);
  });

  test('knows /help, /model, /system, /clear and /exit', async (context) => {
    const terminal = open(context, 'chat');
    if (terminal === undefined) return;
    const steps: readonly [typed: string, shown: string][] = [
      ['/help', 'forget what was said so far'],
      ['/model other', 'The model is other.'],
      ['/system', 'There are no instructions.'],
      ['/system Be brief.', 'The instructions are: Be brief.'],
      ['One?', 'Answer 1.'],
      ['/clear', 'Forgotten.'],
      ['/nonsense', 'There is no /nonsense.'],
      ['Two?', 'Answer 2.'],
    ];
    for (const [typed, shown] of steps) {
      await terminal.sees('> ');
      terminal.type(`${typed}\r`);
      await terminal.sees(shown);
    }
    await terminal.sees('> ');
    terminal.type('/exit\r');
    assert.equal(await terminal.ended(), 0);
    const [, second] = asked();
    assert.equal(second.model, 'other');
    assert.deepEqual(second.messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Two?' },
    ]);
  });

  test('stops an answer at Ctrl-C, keeps what had come, and goes on', async (context) => {
    const forever = Promise.withResolvers<void>();
    endpoint.answerChat((_request, number) =>
      number === 0 ? streamWith(chunk({ content: 'Once upon' }), forever.promise) : streamSaying(['Fine.']),
    );
    const terminal = open(context, 'chat');
    if (terminal === undefined) return;
    await terminal.sees('> ');
    terminal.type('A story\r');
    await terminal.sees('Once upon');
    terminal.type(CONTROL_C);
    await terminal.sees('Stopped.');
    await endpoint.requests.find(({ method }) => method === 'POST')?.closed;
    await terminal.sees('> ');
    terminal.type('Well?\r');
    await terminal.sees('Fine.');
    await terminal.sees('> ');
    terminal.type(CONTROL_D);
    assert.equal(await terminal.ended(), 0);
    assert.deepEqual(asked()[1].messages, [
      { role: 'user', content: 'A story' },
      { role: 'assistant', content: 'Once upon' },
      { role: 'user', content: 'Well?' },
    ]);
    forever.resolve();
  });

  test('gives up a line at Ctrl-C, and has the lines before at the arrow keys', async (context) => {
    const terminal = open(context, 'chat');
    if (terminal === undefined) return;
    await terminal.sees('> ');
    terminal.type('One?\r');
    await terminal.sees('Answer 1.');
    await terminal.sees('> ');
    terminal.type(`never sent${CONTROL_C}`);
    await terminal.sees('(Ctrl-D ends.)');
    await terminal.sees('> ');
    terminal.type('\u001b[A\r');
    await terminal.sees('Answer 2.');
    await terminal.sees('> ');
    terminal.type(CONTROL_D);
    assert.equal(await terminal.ended(), 0);
    assert.equal(asked()[1].messages.at(-1).content, 'One?');
  });

  test('says a failure and goes on, as if the question had not been asked', async (context) => {
    endpoint.answerChat((_request, number) =>
      number === 0 ? failing(500, 'Internal error') : streamSaying(['Fine.']),
    );
    const terminal = open(context, 'chat');
    if (terminal === undefined) return;
    await terminal.sees('> ');
    terminal.type('One?\r');
    await terminal.sees('Internal error. (status 500');
    await terminal.sees('> ');
    terminal.type('One?\r');
    await terminal.sees('Fine.');
    await terminal.sees('> ');
    terminal.type(CONTROL_D);
    assert.equal(await terminal.ended(), 0);
    assert.deepEqual(asked()[1].messages, [{ role: 'user', content: 'One?' }]);
  });

  test('takes a question of several lines between triple quotes', async (context) => {
    const terminal = open(context, 'chat');
    if (terminal === undefined) return;
    await terminal.sees('> ');
    terminal.type('"""One\r');
    await terminal.sees('… ');
    terminal.type('two"""\r');
    await terminal.sees('Answer 1.');
    await terminal.sees('> ');
    terminal.type(CONTROL_D);
    await terminal.ended();
    assert.equal(asked()[0].messages[0].content, 'One\ntwo');
  });

  test('shows what the model thinks dimmed and apart from the answer, and nothing that steers the terminal', async (context) => {
    const answer = 'Red: \u001b[31m\u0007\u009b2J!';
    endpoint.answerChat(
      streamWith(
        chunk({ reasoning_content: 'Hm.' }),
        chunk({ content: answer }),
        chunk({}, 'stop'),
        'data: [DONE]\n\n',
      ),
    );
    const terminal = open(context, 'chat', 'hi');
    if (terminal === undefined) return;
    assert.equal(await terminal.ended(), 0);
    assert.ok(terminal.bytes.startsWith(`${DIM}Hm.\u001b[22m\r\n\r\nRed: `), JSON.stringify(terminal.bytes));
    assert.ok(['\u001b[31m', '\u0007', '\u009b'].every((steering) => !terminal.bytes.includes(steering)));
  });

  test('ends with 130 at Ctrl-C when it was asked one thing', async (context) => {
    const forever = Promise.withResolvers<void>();
    endpoint.answerChat(streamWith(chunk({ content: 'Once upon' }), forever.promise));
    const terminal = open(context, 'chat', 'A', 'story');
    if (terminal === undefined) return;
    await terminal.sees('Once upon');
    terminal.type(CONTROL_C);
    assert.equal(await terminal.ended(), 130);
    forever.resolve();
  });
});

describe('plumb login on a terminal', () => {
  test('asks for the key and shows nothing of it', async (context) => {
    const terminal = open(context, 'login', '--base-url', endpoint.url);
    if (terminal === undefined) return;
    await terminal.sees(`Key for ${endpoint.url} (it is not shown): `);
    terminal.type(`${KEY}\r`);
    await terminal.sees('Kept sk-…stuv');
    assert.equal(await terminal.ended(), 0);
    assert.equal(endpoint.requests[0]?.headers.authorization, `Bearer ${KEY}`);
  });

  test('ends with 130 at Ctrl-C, and keeps nothing', async (context) => {
    const terminal = open(context, 'login', '--base-url', endpoint.url);
    if (terminal === undefined) return;
    await terminal.sees('(it is not shown): ');
    terminal.type(`half a key${CONTROL_C}`);
    assert.equal(await terminal.ended(), 130);
    assert.equal(endpoint.requests.length, 0);
  });
});
