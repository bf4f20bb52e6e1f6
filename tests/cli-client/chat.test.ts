/** `plumb chat` and `plumb complete` beside a real server: pipes, flags, output that scripts can rely on. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPlumb, type TestServer } from '../support/plumb.js';
import { type RunOptions, User } from './support/user.js';

const HELLO = 'Hello! This is the scripted test model speaking.';
const THOUGHT = 'Let me think about that. Done thinking.';

let server: TestServer;
let user: User;
before(async () => {
  [server, user] = await Promise.all([startPlumb(), User.create()]);
});
after(async () => {
  user.assertNeverSaw(server.key);
  await Promise.all([server.stop(), user.remove()]);
});

function plumb(args: readonly string[], options: RunOptions = {}) {
  const environment = { PLUMB_BASE_URL: `${server.url}/v1`, PLUMB_API_KEY: server.key, ...options.environment };
  return user.run(args, { ...options, environment });
}

describe('plumb chat', () => {
  test('answers what is piped in, on stdout alone', async () => {
    assert.deepEqual(await plumb(['chat'], { input: 'hi\n' }), { code: 0, stdout: `${HELLO}\n`, stderr: '' });
  });

  test('answers the words of the command line when nothing is piped in', async () => {
    assert.deepEqual(await plumb(['chat', 'how', 'are', 'you?']), { code: 0, stdout: `${HELLO}\n`, stderr: '' });
  });

  test('keeps reasoning off stdout, and shows it on stderr when it is asked for', async () => {
    const silent = await plumb(['chat', 'hi', '--thinking']);
    assert.deepEqual(silent, { code: 0, stdout: `${HELLO}\n`, stderr: '' });
    const shown = await plumb(['chat', 'hi', '--thinking', '--show-reasoning']);
    assert.deepEqual(shown, { code: 0, stdout: `${HELLO}\n`, stderr: `${THOUGHT}\n\n` });
  });

  test('lets a thinking model answer at once with --no-thinking', async () => {
    const { stderr } = await plumb(['chat', 'hi', '-m', 'deepseek-reasoner', '--no-thinking', '--show-reasoning']);
    assert.equal(stderr, '');
  });

  test('gives the same text with --no-stream', async () => {
    assert.deepEqual(await plumb(['chat', 'hi', '--no-stream']), { code: 0, stdout: `${HELLO}\n`, stderr: '' });
  });

  test('prints the whole answer of the API as one line with --json', async () => {
    const { code, stdout, stderr } = await plumb(['chat', 'hi', '--json']);
    assert.deepEqual([code, stderr, stdout.trimEnd().split('\n').length], [0, '', 1]);
    const answer = JSON.parse(stdout);
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.content, HELLO);
  });

  test('says with --show-usage what the answer used, on stderr', async () => {
    const { stdout, stderr } = await plumb(['chat', 'hi', '--show-usage', '--thinking']);
    assert.equal(stdout, `${HELLO}\n`);
    assert.match(stderr, /^\d+ prompt tokens(?: \(\d+ cached\))?, \d+ answer tokens \(\d+ reasoning\), \d+\.\d s\n$/);
  });

  test('prints what came and ends with 7 when the answer was cut', async () => {
    const { code, stdout, stderr } = await plumb(['chat', 'hi', '--max-tokens', '3']);
    assert.equal(code, 7);
    assert.ok(HELLO.startsWith(stdout.trimEnd()) && stdout.endsWith('\n'), stdout);
    assert.match(stderr, /was cut/);
  });

  test('ends quietly when nobody reads on', async () => {
    const { code, stdout, stderr } = await user.shell(
      `plumb chat hi </dev/null | head -c 5; echo " \${PIPESTATUS[0]}"`,
      {
        environment: { PLUMB_BASE_URL: `${server.url}/v1`, PLUMB_API_KEY: server.key },
      },
    );
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'Hello 0\n', stderr: '' });
  });

  for (const [args, problem] of [
    [['chat'], /nothing to ask/],
    [['chat', 'hi', '-t', 'hot'], /number from 0 to 2/],
    [['chat', 'hi', '-t', '2.1'], /number from 0 to 2/],
    [['chat', 'hi', '--max-tokens', '0'], /whole number from 1 on/],
    [['chat', 'hi', '--file', 'missing.txt'], /cannot be read/],
    [['chat', 'hi', '--base-url', 'nowhere'], /--base-url must be an http/],
    [['chat', 'hi', '--base-url', 'https://me:secret@host/v1'], /address alone/],
    [['chat', 'hi', '--api-key-file', 'a', '--api-key-stdin'], /cannot be used with/],
    [['chat', 'hi', '--colour'], /unknown option/],
    [['complete'], /nothing to continue/],
  ] as const) {
    test(`refuses: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await plumb(args);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, problem);
    });
  }

  test('refuses a file that is no text', async () => {
    await writeFile(join(user.home, 'picture.png'), new Uint8Array([0x89, 0x50, 0xff, 0xfe]));
    const { code, stderr } = await plumb(['chat', 'hi', '-f', 'picture.png']);
    assert.equal(code, 2);
    assert.match(stderr, /picture\.png is no text/);
  });
});

describe('plumb complete', () => {
  test('continues a text, and ends well at the length that was asked for', async () => {
    const { code, stdout, stderr } = await plumb(['complete', 'Say: ', '--max-tokens', '4']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.ok(stdout.length > 0 && HELLO.startsWith(stdout), stdout);
  });

  test('continues exactly what is piped in, and adds nothing to what is written', async () => {
    const { code, stdout } = await plumb(['complete', '--json'], { input: 'Say:\n\n' });
    assert.equal(code, 0);
    const whole = JSON.parse(stdout).choices[0].text;
    assert.deepEqual((await plumb(['complete'], { input: 'Say:\n\n' })).stdout, whole);
    assert.deepEqual((await plumb(['complete', '--no-stream'], { input: 'Say:\n\n' })).stdout, whole);
  });

  test('fills a gap before a suffix', async () => {
    const { code, stdout } = await plumb(['complete', 'def add(a, b):\n', '--suffix', 'print(add(1, 2))']);
    assert.equal(code, 0);
    assert.match(stdout, /return a \+ b/);
  });
});

describe('plumb balance', () => {
  test('shows what the account can spend', async () => {
    const { code, stdout } = await plumb(['balance']);
    assert.equal(code, 0);
    assert.match(stdout, /^CURRENCY +BALANCE +GRANTED +TOPPED UP\nUSD +0\.00 +0\.00 +0\.00\n$/);
  });

  test('prints the answer of the API with --json', async () => {
    const { stdout } = await plumb(['balance', '--json']);
    assert.equal(JSON.parse(stdout).balance_infos[0].currency, 'USD');
  });
});

describe('plumb models', () => {
  test('lists what the endpoint serves, with and without its verb', async () => {
    for (const args of [['models'], ['models', 'served']]) {
      assert.deepEqual(await plumb(args), { code: 0, stdout: 'deepseek-chat\ndeepseek-reasoner\n', stderr: '' });
    }
    const { stdout } = await plumb(['models', '--json']);
    assert.equal(JSON.parse(stdout).data[0].id, 'deepseek-chat');
  });

  test('still lists the files with list', async () => {
    const { code, stderr } = await plumb(['models', 'list'], { environment: { PLUMB_MODELS_DIR: user.home } });
    assert.equal(code, 0);
    assert.match(stderr, /No models in/);
  });
});

describe('plumb keys test', () => {
  test('shows which key is sent where and that it is accepted, and the key by its last four characters alone', async () => {
    const { code, stdout } = await plumb(['keys', 'test']);
    assert.equal(code, 0);
    assert.ok(stdout.startsWith(`${server.url}/v1: sk-…${server.key.slice(-4)} from PLUMB_API_KEY\nIt is accepted.`));
    const { stdout: json } = await plumb(['keys', 'test', '--json']);
    const { key, accepted, models } = JSON.parse(json);
    assert.deepEqual([key, accepted], [`sk-…${server.key.slice(-4)}`, true]);
    assert.deepEqual(models, ['deepseek-chat', 'deepseek-reasoner']);
  });
});
