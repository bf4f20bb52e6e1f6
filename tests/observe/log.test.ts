/** The log, read as whoever collects it reads it: line by line, from stderr. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./support/log-program.js', import.meta.url));

interface Line {
  readonly text: string;
  readonly [field: string]: unknown;
}

function readLog(...args: string[]): Line[] {
  const { stderr, status } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const texts = stderr.split('\n');
  assert.equal(texts.pop(), '', 'the last line is whole');
  return texts.map((text) => ({ ...JSON.parse(text), text }));
}

function causeOf(line: Line | undefined): Error {
  return line?.err as Error;
}

describe('the log', () => {
  const lines = readLog();
  const [listening, completed, unknown, odd, failed] = lines;

  test('has every line in its order, also of a process that exits without warning', () => {
    assert.equal(listening?.msg, 'listening');
    assert.equal(lines.length, 1005);
    assert.deepEqual(
      lines.slice(5).map(({ account }) => account),
      Array.from({ length: 1000 }, (_, index) => `acct_${index}`),
    );
  });

  test('says the same fields of every request in the same order, and leaves out what is not known', () => {
    assert.match(
      completed?.text ?? '',
      /^\{"level":30,"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","trace":"f{32}","method":"POST","path":"\/v1\/chat\/completions","status":200,"durationMs":7,"account":"acct_a","key":"key_a","model":"deepseek-chat","stream":true,"thinking":false,"outcome":"completed","usage":\{"prompt_tokens":12,.*\},"finishReason":"stop","queuedMs":0,"firstEventMs":5,"msg":"request"\}$/,
    );
    const { text: _text, time: _time, ...fields } = lines[5]!;
    const trace = 'f'.repeat(32);
    assert.deepEqual(fields, {
      ...{ level: 30, trace, method: 'POST', path: '/v1/chat/completions', status: 200, durationMs: 7 },
      ...{ account: 'acct_0', msg: 'request' },
    });
  });

  test('tells the time as it is', () => {
    const now = Date.now();
    for (const { time } of lines) assert.ok(Math.abs(now - Date.parse(String(time))) < 600_000, String(time));
  });

  test('keeps any text of a request in one line, and no more than the beginning of a long path', () => {
    assert.equal(unknown?.error, 'Nothing is served at "/ä\n": check the path.');
    assert.equal(unknown?.path, `/${'ä'.repeat(255)}`);
  });

  test('says what is behind a failure, and raises the level where the server is to blame', () => {
    assert.equal(odd?.level, 30);
    assert.equal(causeOf(odd).message, 'a text');
    assert.equal(failed?.level, 50);
    assert.equal(failed?.detail, 'the engine');
    assert.match(causeOf(failed).stack ?? '', /^Error: refused\n/);
  });

  test('is the same where processes share it', () => {
    const withoutTime = ({ text }: Line) => text.replace(/"time":"[^"]*"/, '').replaceAll(/:\d+:\d+\)/g, '');
    assert.deepEqual(readLog('info', 'shared').map(withoutTime), lines.map(withoutTime));
  });

  test('keeps to failures of the server when it is told to warn alone', () => {
    assert.deepEqual(
      readLog('warn').map(({ status }) => status),
      [503],
    );
  });
});
