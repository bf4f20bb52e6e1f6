/** Specifies which lines a batch takes, and what is said about the others before anything is sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LineOptions } from '#client/batch/batch-line.js';
import { checkBatch, requireNoProblems } from '#client/batch/check-batch.js';
import { parseLines } from '#client/batch/line-source.js';

function check(text: string, options: LineOptions = {}) {
  async function* chunks() {
    yield new TextEncoder().encode(text);
  }
  return checkBatch({ open: () => parseLines(chunks()) }, options);
}

const BODY = '"body":{"model":"m","messages":[],"max_tokens":7}';

test('lines in the format of OpenAI are in order', async () => {
  const { lines, problems, models } = await check(
    `{"custom_id":"a","method":"POST","url":"/v1/chat/completions",${BODY}}\n{"custom_id":"b",${BODY}}\n`,
  );
  assert.deepEqual(problems, []);
  assert.equal(lines, 2);
  assert.equal(models.get('m')?.answerTokensMax, 14);
});

const WRONG: readonly (readonly [name: string, line: string, problem: RegExp])[] = [
  ['a line that is no JSON', '{"custom_id":', /^is no JSON$/],
  ['a line that is no object', '[1]', /^is no JSON object$/],
  ['a line without a custom_id', `{${BODY}}`, /custom_id/],
  ['an empty custom_id', `{"custom_id":"",${BODY}}`, /custom_id/],
  ['a custom_id that is no text', `{"custom_id":7,${BODY}}`, /custom_id/],
  [
    'a custom_id that is too long',
    `{"custom_id":"${'x'.repeat(513)}",${BODY}}`,
    /custom_id_characters_max, which is 512/,
  ],
  ['another method', `{"custom_id":"a","method":"GET",${BODY}}`, /method/],
  ['a URL elsewhere', `{"custom_id":"a","url":"https://example.org/",${BODY}}`, /path/],
  ['a URL that leads to another host', `{"custom_id":"a","url":"//example.org/v1",${BODY}}`, /path/],
  ['a URL that leads upwards', `{"custom_id":"a","url":"/v1/../admin",${BODY}}`, /path/],
  ['a line without a body', '{"custom_id":"a"}', /body/],
  ['a body without a model', '{"custom_id":"a","body":{}}', /body\.model/],
  ['a body that streams', '{"custom_id":"a","body":{"model":"m","stream":true}}', /stream/],
  ['a shorthand that was not asked for', '{"prompt":"Hi"}', /custom_id/],
];
for (const [name, line, problem] of WRONG) {
  test(`${name} is a problem with its number`, async () => {
    const { problems, problemCount } = await check(`\n${line}\n`);
    assert.equal(problemCount, 1);
    assert.equal(problems[0]?.line, 2);
    assert.match(problems[0]?.problem ?? '', problem);
  });
}

test('a custom_id that is there twice is refused with both numbers', async () => {
  const result = await check(`{"custom_id":"a",${BODY}}\n{"custom_id":"b",${BODY}}\n{"custom_id":"a",${BODY}}\n`);
  assert.throws(() => requireNoProblems(result), {
    code: 'invalid_input',
    message: /^Nothing was sent.*\nline 3: has the `custom_id` of line 1/,
  });
});

test('the message names ten problems and counts the others', async () => {
  const result = await check('x\n'.repeat(250));
  assert.equal(result.problemCount, 250);
  assert.throws(() => requireNoProblems(result), /line 10: is no JSON\nand 240 more$/);
});

test('a shorthand becomes a chat with a name of its own', async () => {
  const options = { shorthand: true, defaults: { model: 'm' } };
  const { lines, problems } = await check('{"prompt":"Hi"}\n{"messages":[],"temperature":0}\n', options);
  assert.deepEqual(problems, []);
  assert.equal(lines, 2);
});

test('a shorthand with a prompt and messages is a problem', async () => {
  const { problems } = await check('{"prompt":"Hi","messages":[]}\n', { shorthand: true });
  assert.match(problems[0]?.problem ?? '', /only one/);
});

test('a default fills in what a body leaves out and changes nothing else', async () => {
  const { models } = await check('{"custom_id":"a","body":{}}\n{"custom_id":"b","body":{"model":"own"}}\n', {
    defaults: { model: 'other' },
  });
  assert.deepEqual([...models.keys()], ['other', 'own']);
});
