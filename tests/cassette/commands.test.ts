/** `plumb record`, `plumb replay` and `plumb serve --record` as a person starts them. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { User } from '../cli-client/support/user.js';
import { parseResponse } from '../support/raw-http.js';
import { jsonOf, ScriptedUpstream } from '../support/scripted-upstream.js';
import { chat, exchangeRaw, readExchanges } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
let user: User;
before(async () => {
  user = await User.create();
  upstream.answerChat((_request, number) => jsonOf({ number }));
});
after(async () => {
  await upstream.close();
  await user.remove();
});

interface Started {
  readonly url: string;
  readonly line: string;
  /** Ends it with Ctrl-C; resolves with its exit code. */
  end(): Promise<number | null>;
}

/** Starts a command that serves, and resolves when it says where. */
async function start(args: readonly string[], pattern: RegExp): Promise<Started> {
  const child: ChildProcess = user.start(args);
  const ended = once(child, 'close') as Promise<[number | null]>;
  let output = '';
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (text: string) => {
      output += text;
      if (pattern.test(output)) resolve(output);
    });
    void ended.then(([code]) => reject(new Error(`ended with ${code}: ${user.seen}`)));
  });
  return {
    url: pattern.exec(line)?.[1] ?? '',
    line,
    async end() {
      child.kill('SIGINT');
      return (await ended)[0];
    },
  };
}

const BASE_URL = /Use (http:\/\/127\.0\.0\.1:\d+)\/v1 as the base URL\.\n/;

describe('plumb record and plumb replay', () => {
  test('make a cassette of an endpoint, and answer from it', async () => {
    const cassette = join(user.home, 'calls.ndjson');
    const recorder = await start(['record', upstream.url, '-o', 'calls.ndjson', '--port', '0'], BASE_URL);
    const original = await exchangeRaw(recorder.url, chat('Hi'));
    assert.equal(await recorder.end(), 0);
    assert.match(user.seen, /POST \/v1\/chat\/completions 200 \d+ ms\n/);
    assert.equal((await readExchanges(cassette)).length, 1);
    const replay = await start(['replay', cassette, '--port', '0', '--speed', 'max', '--once'], BASE_URL);
    assert.match(replay.line, /^Replaying 1 exchange of /);
    assert.deepEqual(await exchangeRaw(replay.url, chat('Hi')), original);
    assert.equal(parseResponse((await exchangeRaw(replay.url, chat('Hi'))).bytes).status, 404);
    assert.equal(await replay.end(), 0);
    assert.doesNotMatch(user.seen, /sk-a-key-of-the-test/);
  });

  const wrong: [string[], number, RegExp][] = [
    [['record', 'api.deepseek.com', '-o', 'x'], 2, /must be an address such as https:/],
    [['record', 'http://me:secret@host/v1', '-o', 'x'], 2, /Leave user, password and query out/],
    [['record', 'http://host/v1'], 2, /required option '-o, --output <file>'/],
    [['record', 'http://host/v1', '-o', 'none/x'], 1, /none\/x cannot be recorded into: ENOENT/],
    [['replay', 'none.ndjson'], 1, /none\.ndjson cannot be read: ENOENT/],
    [['replay', 'x', '--speed', 'fast'], 2, /It must be a number from 0\.001 to 1000000, or max\./],
    [['serve', '--scrub-prompts'], 2, /means nothing without --record FILE/],
    [['serve', '--record', 'x'], 2, /no pool of the configuration has one/],
  ];
  for (const [args, exitCode, message] of wrong) {
    test(`say what is wrong with: plumb ${args.join(' ')}`, async () => {
      const { code, stderr } = await user.run(args);
      assert.match(stderr, message);
      assert.equal(code, exitCode);
      assert.doesNotMatch(stderr, /secret|\n\s+at /);
    });
  }
});

test('plumb serve --record makes a cassette of all engines elsewhere', async () => {
  const engine = `{ kind: openai, url: "${upstream.url}" }`;
  const config = `models: [{ id: far, pool: far }]\npools: { far: { engines: { one: ${engine} } } }\n`;
  await writeFile(join(user.home, 'plumb.yaml'), config);
  const args = ['serve', '--config', 'plumb.yaml', '--port', '0', '--record', 'served.ndjson', '--scrub-prompts'];
  const server = await start(args, /ready at (http:\S+)\/v1/);
  const key = /sk-[A-Za-z0-9_-]+/.exec(server.line)?.[0] ?? assert.fail(server.line);
  await exchangeRaw(server.url, chat('a prompt', {}, { authorization: `Bearer ${key}` }));
  assert.equal(await server.end(), 0);
  const text = await readFile(join(user.home, 'served.ndjson'), 'utf8');
  assert.match(text, /"path":"\/v1\/chat\/completions"/);
  assert.doesNotMatch(text, /a prompt/);
});
