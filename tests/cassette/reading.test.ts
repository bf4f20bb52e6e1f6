/** A cassette is input: whatever stands in it, it is replayed or refused with a sentence. */
import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, describe, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { CassetteError } from '#server/engines/cassette/format/cassette-error.js';
import { readCassette } from '#server/engines/cassette/replay/read-cassette.js';
import { temporaryFolder } from '../store/helpers/temporary-folder.js';
import { jsonOf, ScriptedUpstream } from '../support/scripted-upstream.js';
import { cassettePath, chat, exchangeRaw, readLines, startRecording } from './support/tape.js';

const upstream = await ScriptedUpstream.start();
after(() => upstream.close());

const VERSION = { plumb_cassette: 1, recorded_at: '2026-01-01T00:00:00.000Z', prompts: 'kept', salt: '0'.repeat(32) };
const REQUEST = { method: 'POST', path: '/v1/chat/completions', headers: {}, body: { json: { model: 'far' } } };
const RESPONSE = {
  at: 1,
  status: 200,
  reason: 'OK',
  headers: [['content-type', 'text/plain']],
  chunks: [{ at: 2, text: 'Hi' }],
};
const EXCHANGE = {
  recorded_at: '2026-01-01T00:00:00.000Z',
  upstream: 'http://h/v1',
  request: REQUEST,
  response: RESPONSE,
  end: { at: 3 },
};

async function write(context: TestContext, ...lines: (object | string)[]): Promise<string> {
  const path = await cassettePath(context);
  await writeFile(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return path;
}

async function problemOf(context: TestContext, ...lines: (object | string)[]): Promise<string> {
  const path = await write(context, ...lines);
  try {
    readCassette(path);
    return 'none';
  } catch (error) {
    assert.ok(error instanceof CassetteError, String(error));
    return error.message.replace(path, 'FILE');
  }
}

test('a cassette that people wrote by hand is read', async (context) => {
  const path = await write(context, VERSION, '', EXCHANGE, {
    ...EXCHANGE,
    note: 'fields that are not known are passed over',
  });
  assert.equal(readCassette(path).exchanges, 2);
});

describe('a last line that was torn off', () => {
  async function torn(context: TestContext): Promise<string> {
    upstream.answerChat(jsonOf({}));
    const recording = await startRecording(context, upstream.url);
    await exchangeRaw(recording.url, chat('Hi'));
    await recording.close();
    const [, line = ''] = (await readFile(recording.path, 'utf8')).split('\n');
    await appendFile(recording.path, line.slice(0, -20));
    return recording.path;
  }

  test('is left out', async (context) => {
    assert.equal(readCassette(await torn(context)).exchanges, 1);
  });

  test('is taken away when recording goes on', async (context) => {
    const path = await torn(context);
    const recording = await startRecording(context, upstream.url, { path });
    await exchangeRaw(recording.url, chat('Hi'));
    await recording.close();
    assert.equal((await readLines(path)).length, 3);
    assert.equal(readCassette(path).exchanges, 2);
  });
});

describe('refused is', () => {
  const changed = (more: object) => ({ ...EXCHANGE, ...more });
  const answered = (more: object) => changed({ response: { ...RESPONSE, ...more } });
  const wrong: Record<string, [(object | string)[], RegExp]> = {
    'an empty file': [[], /^FILE, line 1: it is no JSON object\.$/],
    'another file': [['{"id":"file-1"}'], /^FILE is no cassette: its first line does not say so\.$/],
    'another version': [
      [{ ...VERSION, plumb_cassette: 2 }],
      /is a cassette of version 2; this Plumb reads version 1\.$/,
    ],
    'a salt that is none': [[{ ...VERSION, salt: '' }], /^FILE, line 1: salt must match pattern/],
    'a line in the middle that is no JSON': [[VERSION, '{"re', EXCHANGE], /^FILE, line 2: it is no JSON object\.$/],
    'an exchange without an end': [
      [VERSION, changed({ end: undefined })],
      /^FILE, line 2: it must have required properties end\.$/,
    ],
    'a status that is none': [
      [VERSION, EXCHANGE, answered({ status: 42 })],
      /^FILE, line 3: response\.status must be >= 200\.$/,
    ],
    'a path that leads elsewhere': [
      [VERSION, changed({ request: { ...REQUEST, path: 'http://evil/' } })],
      /request\.path must match/,
    ],
    'a header that would be two': [
      [VERSION, answered({ headers: [['a', 'b\r\nc: d']] })],
      /a name or a value that no header can have/,
    ],
    'a reason that would be a header': [[VERSION, answered({ reason: 'OK\r\nc: d' })], /response\.reason must match/],
    'a piece that is nothing': [
      [VERSION, answered({ chunks: [{ at: 1 }] })],
      /response\.chunks\.0 must have either text or valid base64/,
    ],
    'a piece that is twice': [
      [VERSION, answered({ chunks: [{ at: 1, text: 'a', base64: 'YQ==' }] })],
      /chunks\.0 must have either/,
    ],
    'base64 that is none': [[VERSION, answered({ chunks: [{ at: 1, base64: '*' }] })], /chunks\.0 must have either/],
    'a time before another': [[VERSION, answered({ chunks: [{ at: 0, text: 'a' }] })], /its times \(at\) go back/],
    'a time without end': [[VERSION, changed({ end: { at: 1e12 } })], /end\.at must be <= 86400000/],
    'a length that is too short': [
      [VERSION, answered({ headers: [['Content-Length', '1']] })],
      /content-length is 1 and the body has 2 bytes/,
    ],
    'a body where there is none': [
      [VERSION, answered({ status: 204 })],
      /an answer with status 204 to POST has no body/,
    ],
    'no answer and no error': [[VERSION, changed({ response: undefined })], /there is neither a response nor an error/],
    'a request of two forms': [
      [VERSION, changed({ request: { ...REQUEST, body: { json: 1, text: '1' } } })],
      /request\.body must have one of/,
    ],
    'a scrubbed request without what it is found by': [
      [VERSION, changed({ request: { ...REQUEST, body: { bytes: 5 } } })],
      /request\.match is missing/,
    ],
  };
  for (const [name, [lines, problem]] of Object.entries(wrong)) {
    test(name, async (context) => {
      assert.match(await problemOf(context, ...lines), problem);
    });
  }

  test('a file that cannot be read, by its name', async (context) => {
    const folder = await temporaryFolder(context);
    assert.throws(() => readCassette(`${folder}/none`), /none cannot be read: ENOENT/);
    assert.throws(() => readCassette(folder), /is no file\.$|EISDIR/);
    await mkdir(`${folder}/sub`);
    await assert.rejects(
      startRecording(context, upstream.url, { path: `${folder}/sub` }),
      /sub cannot be recorded into/,
    );
  });

  test('a file that is no cassette, by a recorder too, which leaves it as it is', async (context) => {
    const path = await write(context, 'my notes');
    await assert.rejects(startRecording(context, upstream.url, { path }), /it is no JSON object/);
    assert.equal(await readFile(path, 'utf8'), 'my notes\n');
  });
});

test('whatever a line holds, reading ends with a cassette or with a sentence', async (context) => {
  const path = await cassettePath(context);
  const anything = fc.oneof(
    fc.json(),
    fc.string(),
    fc.object().map((more) => JSON.stringify({ ...EXCHANGE, ...more })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 4 }), async (lines) => {
      await writeFile(path, [JSON.stringify(VERSION), ...lines, ''].join('\n'));
      try {
        readCassette(path);
      } catch (error) {
        assert.ok(error instanceof CassetteError, String(error));
      }
    }),
    { numRuns: 200 },
  );
});

test('a body that is nested as deep as it can be does not end the program', async (context) => {
  const deep = `{"json":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
  const line = JSON.stringify({ ...EXCHANGE, request: { ...REQUEST, body: 0 } }).replace('"body":0', `"body":${deep}`);
  const problem = await problemOf(context, VERSION, line);
  assert.match(problem, /^none$|^FILE, line 2: /);
});
