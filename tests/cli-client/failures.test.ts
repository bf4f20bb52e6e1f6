/** How the commands end when the endpoint fails: the exit codes that scripts rely on, and what goes into the journal. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { jsonOf, type Script, ScriptedUpstream } from '../support/scripted-upstream.js';
import { until } from '../support/until.js';
import { chunk, failing, models, streamSaying, streamWith } from './support/answers.js';
import { exitOf, type RunOptions, User } from './support/user.js';

const KEY = 'sk-test-0123456789abcdefghijklmnopqrstuv';

let endpoint: ScriptedUpstream;
let user: User;
before(async () => {
  endpoint = await ScriptedUpstream.start();
});
after(() => endpoint.close());
beforeEach(async () => {
  user = await User.create();
  endpoint.requests.length = 0;
  endpoint.answer('/v1/models', models('first', 'second'));
  endpoint.answerChat(streamSaying(['Hi']));
});
afterEach(() => {
  user.assertNeverSaw(KEY);
  return user.remove();
});

function settings(more: Readonly<Record<string, string>> = {}): RunOptions {
  return { environment: { PLUMB_BASE_URL: endpoint.url, PLUMB_API_KEY: KEY, ...more } };
}

const ask = (...args: string[]) => user.run(['chat', '-m', 'm', 'What is love?', ...args], settings());

async function incidents() {
  const text = await readFile(user.journal, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const html = { 'content-type': 'text/html' };
const json = { 'content-type': 'application/json' };

const ENDS: readonly [what: string, answer: Script, code: number, says: RegExp, isJournaled: boolean][] = [
  ['a request that it refuses', failing(400, 'Model Not Exist'), 1, /Model Not Exist.*status 400/, false],
  ['a key that it does not know', failing(401, 'Authentication Fails'), 3, /plumb keys test/, false],
  ['a key that may not', failing(403, 'Not for this key'), 3, /Not for this key/, false],
  ['an account without money', failing(402, 'Insufficient Balance'), 4, /plumb balance/, false],
  ['a limit', failing(429, 'Too many requests'), 5, /Too many requests/, true],
  ['a fault', failing(500, 'Internal error'), 6, /Internal error.*request request-500.*plumb report/, true],
  ['a page of a proxy', { status: 502, headers: html, steps: ['<html>Bad gateway'] }, 6, /answered 502/, true],
  ['an empty answer', { headers: json, steps: ['\n\n'] }, 6, /nothing but blank lines/, true],
  ['an answer that is no JSON', { headers: json, steps: ['Welcome!'] }, 6, /no whole JSON/, true],
  ['an error inside of a 200', jsonOf({ error: { message: 'Overloaded' } }), 6, /Overloaded/, true],
  ['a stream without an end', streamWith(chunk({ content: 'Half' }), 'data: [DONE]\n\n'), 6, /broke off/, true],
  ['silence until the deadline', streamWith('hang!'), 6, /at the deadline/, true],
  ['a refusal', streamSaying(['No'], 'content_filter'), 7, /filter/, false],
];

describe('the exit code', () => {
  for (const [what, answer, code, says, isJournaled] of ENDS) {
    test(`is ${code} for ${what}`, async () => {
      endpoint.answerChat(answer);
      const ended = await ask('--deadline', '1');
      assert.equal(ended.code, code, ended.stderr);
      const [last = '', ...waits] = ended.stderr.trimEnd().split('\n').reverse();
      assert.match(last, says);
      assert.ok(
        waits.every((wait) => / Trying again in \d\.\d s\.$/.test(wait)),
        ended.stderr,
      );
      assert.equal((await incidents()).length, isJournaled ? 1 : 0);
    });
  }

  test('is 6 when nobody answers', async () => {
    const silent = await ScriptedUpstream.start();
    const { url } = silent;
    await silent.close();
    const args = ['chat', '-m', 'm', 'hi', '--deadline', '1'];
    const { code, stderr } = await user.run(args, settings({ PLUMB_BASE_URL: url }));
    assert.equal(code, 6);
    assert.match(stderr, /ECONNREFUSED.*Is it running/);
  });

  test('is 6 when the connection breaks in the middle, and what had come stays', async () => {
    const seen = Promise.withResolvers<void>();
    endpoint.answerChat(streamWith(chunk({ content: 'Half' }), seen.promise, 'close!'));
    const child = user.start(['chat', '-m', 'm', 'A story'], settings());
    child.stdin?.end();
    const ended = exitOf(child);
    await until('the answer begins', () => user.seen.includes('Half'));
    seen.resolve();
    assert.equal(await ended, 6);
    assert.match(user.seen, /^Half\nplumb: The stream ended in the middle/);
    assert.equal((await incidents())[0].code, 'stream_interrupted');
  });

  test('is 5 at once when the limit has no room before the deadline', async () => {
    endpoint.answerChat(jsonOf({ error: { message: 'Slow down' } }, 429, { 'retry-after': '3600' }));
    const { code, stderr } = await ask('--deadline', '60');
    assert.equal(code, 5);
    assert.match(stderr, /^Slow down\. Waiting 3600\.0 s for a place\.\n/);
  });

  test('is 0 when trying again helps, which is said while it waits', async () => {
    endpoint.answerChat((_request, number) =>
      number === 0 ? jsonOf({ error: { message: 'Overloaded' } }, 503) : streamSaying(['Hi']),
    );
    const { code, stdout, stderr } = await ask();
    assert.deepEqual([code, stdout], [0, 'Hi\n']);
    assert.match(stderr, /^Overloaded\. Trying again in \d\.\d s\.\n$/);
    assert.deepEqual(await incidents(), []);
  });

  test('is 3 when there is no key, and nothing is sent', async () => {
    const { code, stderr } = await user.run(['chat', 'hi'], { environment: { PLUMB_BASE_URL: endpoint.url } });
    assert.equal(code, 3);
    assert.match(stderr, /There is no key for/);
    assert.equal(endpoint.requests.length, 0);
  });

  test('is 130 when Ctrl-C stops an answer, and what had come stays', async () => {
    const forever = Promise.withResolvers<void>();
    endpoint.answerChat(streamWith(chunk({ content: 'Once upon' }), forever.promise));
    const child = user.start(['chat', '-m', 'm', 'A story'], settings());
    child.stdin?.end();
    const ended = exitOf(child);
    await until('the answer begins', () => user.seen.includes('Once upon'));
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    assert.equal(user.seen, 'Once upon\nplumb: Interrupted.\n');
    await endpoint.requests[0]?.closed;
    forever.resolve();
  });

  test('is 0 when the reader of a long answer leaves, which ends the request', async () => {
    const more = Promise.withResolvers<void>();
    endpoint.answerChat(
      streamWith(chunk({ content: 'one\n' }), more.promise, ...Array(50).fill(chunk({ content: 'more\n' }))),
    );
    const child = user.start(['chat', '-m', 'm', 'Count'], settings());
    child.stdin?.end();
    const ended = exitOf(child);
    await until('the answer begins', () => user.seen.includes('one'));
    child.stdout?.destroy();
    more.resolve();
    assert.equal(await ended, 0);
    assert.equal(user.seen, 'one\n');
  });
});

describe('what is sent', () => {
  test('has the key, the model, the system message, and files before the pipe before the words', async () => {
    await writeFile(`${user.home}/notes.txt`, 'From a file.\n');
    const args = ['chat', '-m', 'm', '-s', 'Be short.', '-f', 'notes.txt', '-t', '0.5', '--max-tokens', '9', 'And?'];
    assert.equal((await user.run(args, { ...settings(), input: 'From a pipe.\n' })).code, 0);
    const [{ headers, json } = { headers: {}, json: undefined }] = endpoint.requests;
    assert.equal(headers.authorization, `Bearer ${KEY}`);
    assert.deepEqual(json, {
      model: 'm',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'From a file.\n\nFrom a pipe.\n\nAnd?' },
      ],
      temperature: 0.5,
      max_tokens: 9,
      stream: true,
      // The toolkit counts what is used.
      stream_options: { include_usage: true },
    });
  });

  test('says whether the model thinks only where the user said it', async () => {
    await ask();
    await ask('--thinking');
    await ask('--no-thinking');
    const thinking = endpoint.requests.map(({ json }) => json.thinking?.type);
    assert.deepEqual(thinking, [undefined, 'enabled', 'disabled']);
  });

  test('has the first model of the endpoint when nothing names one', async () => {
    await user.run(['chat', 'hi'], settings());
    assert.deepEqual(
      endpoint.requests.map(({ path, json }) => [path, json?.model]),
      [
        ['/v1/models', undefined],
        ['/v1/chat/completions', 'first'],
      ],
    );
  });

  test('goes to completions beside the chats where there are none under beta', async () => {
    endpoint.answer('/v1/completions', jsonOf({ choices: [{ index: 0, text: ' world', finish_reason: 'stop' }] }));
    const { code, stdout } = await user.run(['complete', '-m', 'm', 'Hello'], settings());
    assert.deepEqual([code, stdout], [0, ' world']);
    assert.deepEqual(
      endpoint.requests.map(({ path }) => path),
      ['/beta/completions', '/v1/completions'],
    );
  });
});

describe('the journal', () => {
  test('has times, statuses and request ids, and is for the user alone', async () => {
    endpoint.answerChat(failing(503, 'Service is too busy'));
    await ask();
    const [incident] = await incidents();
    assert.equal((await stat(user.journal)).mode & 0o777, 0o600);
    assert.deepEqual(
      [incident.command, incident.endpoint, incident.model, incident.code, incident.reason],
      ['chat', endpoint.url, 'm', 'server_error', 'Service is too busy'],
    );
    assert.deepEqual([incident.attempts[0].status, incident.attempts[0].requestId], [503, 'request-503']);
  });

  test('has neither the key nor what the endpoint repeats of the prompt', async () => {
    const prompt = 'The secret of the house is under the third stone';
    endpoint.answerChat(failing(500, `Cannot handle "under the third stone", ${KEY}`));
    await user.run(['chat', '-m', 'm', prompt], settings());
    endpoint.answerChat(failing(500, `The key ${KEY} made it fall over`));
    await user.run(['chat', '-m', 'm', prompt], settings());
    const text = await readFile(user.journal, 'utf8');
    assert.ok(!text.includes(KEY) && !text.includes('third stone'), text);
    assert.deepEqual(
      (await incidents()).map(({ reason }) => reason),
      [null, 'The key sk-…stuv made it fall over'],
    );
  });

  test('never grows beyond a megabyte, and keeps the newest', async () => {
    endpoint.answerChat(failing(500, 'Internal error'));
    await ask();
    const [line = ''] = (await readFile(user.journal, 'utf8')).split('\n');
    await writeFile(user.journal, `${line}\n`.repeat(Math.floor(1_000_000 / (line.length + 1))), { mode: 0o600 });
    endpoint.answerChat(failing(500, 'The newest'));
    await ask();
    const { size, mode } = await stat(user.journal);
    assert.ok(size < 600_000, String(size));
    assert.equal(mode & 0o777, 0o600);
    const all = await incidents();
    assert.equal(all.at(-1).reason, 'The newest');
    assert.ok(all.every(({ attempts }) => attempts.length === 1));
  });

  test('does not hide a failure when it cannot be written', async () => {
    endpoint.answerChat(failing(500, 'Internal error'));
    const { code } = await user.run(['chat', '-m', 'm', 'hi'], settings({ XDG_STATE_HOME: '/dev/null' }));
    assert.equal(code, 6);
  });
});

describe('plumb report', () => {
  test('sums the failures up for the provider', async () => {
    endpoint.answerChat(failing(500, 'The first'));
    await ask();
    endpoint.answerChat(failing(503, 'The last'));
    await ask();
    const { code, stdout } = await user.run(['report', '--since', '1h']);
    assert.equal(code, 0);
    for (const part of [
      `endpoint     ${endpoint.url}`,
      'model        m',
      'failed       2 requests; attempts: 1 x status 500, 1 x status 503',
      'a minute     2 on average, 2 in the worst minute',
      'first error  The first',
      'last error   The last',
      'request-500\n    request-503',
    ]) {
      assert.ok(stdout.includes(part), stdout);
    }
    assert.ok(!stdout.includes('What is love?'), stdout);
  });

  test('prints the same as JSON, by endpoint and model', async () => {
    endpoint.answerChat(failing(500, 'Internal error'));
    await ask();
    await user.run(['chat', '-m', 'other', 'hi'], settings());
    const reports = JSON.parse((await user.run(['report', '--json'])).stdout);
    assert.deepEqual(
      reports.map(({ model, byStatus, requestIds }: Record<string, unknown>) => [model, byStatus, requestIds]),
      [
        ['m', { 500: 1 }, ['request-500']],
        ['other', { 500: 1 }, ['request-500']],
      ],
    );
  });

  test('says that there is nothing, and refuses a time that is none', async () => {
    const none = await user.run(['report']);
    assert.deepEqual([none.code, none.stdout], [0, '']);
    assert.match(none.stderr, /No failures since/);
    const { code, stderr } = await user.run(['report', '--since', 'yesterday']);
    assert.equal(code, 2);
    assert.match(stderr, /how far back/);
  });
});
