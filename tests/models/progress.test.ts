/** What a person sees of a download, on a terminal and in a log. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { createProgressRenderer, formatBytes } from '#server/cli/progress.js';
import type { ModelProgress } from '#server/models/transfer.js';
import { ManualClock } from './support/fixtures.js';

const MEGABYTE = 1e6;

function transfer(doneBytes: number, totalBytes?: number, name = 'model.gguf'): ModelProgress {
  return {
    kind: 'transfer',
    phase: 'downloading',
    name,
    doneBytes,
    totalBytes,
  };
}

class FakeStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  text = '';

  constructor(isTTY: boolean, columns?: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }

  /** Everything that a line was rewritten to. */
  lines(): string[] {
    return stripVTControlCharacters(this.text)
      .split(/[\r\n]/)
      .filter((line) => line !== '');
  }
}

describe('progress on a terminal', () => {
  test('is one line with a bar, bytes, rate and the time that is left', () => {
    const stream = new FakeStream(true, 100);
    const clock = new ManualClock();
    const renderer = createProgressRenderer(stream, clock);
    renderer.report(transfer(0, 100 * MEGABYTE));
    clock.advance(1000);
    renderer.report(transfer(10 * MEGABYTE, 100 * MEGABYTE));
    assert.deepEqual(stream.lines(), [
      'Downloading model.gguf  [                              ]    0%  0 B of 100.0 MB',
      'Downloading model.gguf  [==                      ]   10%  10.0 MB of 100.0 MB  10.0 MB/s  0:09 left',
    ]);
    assert.ok(!stream.text.includes('\n'));
  });

  test('is rewritten ten times a second at most, and at the end', () => {
    const stream = new FakeStream(true, 100);
    const clock = new ManualClock();
    const renderer = createProgressRenderer(stream, clock);
    for (let done = 0; done <= 1000; done++) {
      renderer.report(transfer(done, 1000));
      clock.advance(1);
    }
    renderer.end();
    assert.ok(stream.lines().length <= 12, `${stream.lines().length} lines`);
    assert.match(stream.lines().at(-1) ?? '', /100%\s+1\.0 kB of 1\.0 kB/);
    assert.ok(stream.text.endsWith('\n'));
  });

  test('makes way for notices and stays below them', () => {
    const stream = new FakeStream(true, 80);
    const renderer = createProgressRenderer(stream, new ManualClock());
    renderer.report(transfer(1, 10));
    renderer.report({ kind: 'notice', message: 'The connection broke.' });
    renderer.report(transfer(2, 10));
    assert.ok(stream.text.includes('\r\u001b[KThe connection broke.\n\rDownloading'));
  });

  test('begins a new line for a new file', () => {
    const stream = new FakeStream(true, 80);
    const renderer = createProgressRenderer(stream, new ManualClock());
    renderer.report(transfer(10, 10, 'a.whl'));
    renderer.report({
      kind: 'transfer',
      phase: 'unpacking',
      name: 'a.gguf',
      doneBytes: 0,
      totalBytes: 10,
    });
    assert.match(stream.text, /Downloading a\.whl.*\n\rUnpacking a\.gguf/);
  });

  test('never is wider than the terminal', () => {
    const numbers = {
      columns: fc.integer({ min: 1, max: 200 }),
      done: fc.nat(1e12),
      total: fc.option(fc.nat(1e12)),
    };
    fc.assert(
      fc.property(fc.record({ ...numbers, name: fc.string({ maxLength: 100 }) }), ({ columns, done, total, name }) => {
        const stream = new FakeStream(true, columns);
        const clock = new ManualClock();
        const renderer = createProgressRenderer(stream, clock);
        renderer.report(transfer(0, total ?? undefined, name));
        clock.advance(777);
        renderer.report(transfer(done, total ?? undefined, name));
        for (const line of stream.lines()) assert.ok(line.length < Math.max(columns, 2), `${columns}: ${line}`);
      }),
    );
  });
});

describe('progress in a log', () => {
  test('is a plain line at every tenth', () => {
    const stream = new FakeStream(false);
    const renderer = createProgressRenderer(stream, new ManualClock());
    for (let done = 0; done <= 1000; done++) renderer.report(transfer(done * 1000, 1_000_000));
    const lines = stream.text.trimEnd().split('\n');
    assert.equal(lines.length, 11);
    assert.equal(lines[0], 'Downloading model.gguf 0 B of 1.0 MB (0%)');
    assert.equal(lines[4], 'Downloading model.gguf 400.0 kB of 1.0 MB (40%)');
    assert.equal(lines[10], 'Downloading model.gguf 1.0 MB of 1.0 MB (100%)');
    assert.ok(!stream.text.includes('\u001b'));
  });

  test('is a line every ten seconds where the size is not known', () => {
    const stream = new FakeStream(false);
    const clock = new ManualClock();
    const renderer = createProgressRenderer(stream, clock);
    for (let second = 0; second <= 30; second++) {
      renderer.report(transfer(second * MEGABYTE));
      clock.advance(1000);
    }
    assert.equal(stream.text.trimEnd().split('\n').length, 4);
  });

  test('shows notices as they are', () => {
    const stream = new FakeStream(false);
    createProgressRenderer(stream, new ManualClock()).report({
      kind: 'notice',
      message: 'Waiting.',
    });
    assert.equal(stream.text, 'Waiting.\n');
  });
});

test('bytes are shown in decimal units', () => {
  const shown = [0, 999, 1000, 98_362_432, 999_999, 1e9, 2.5e12].map(formatBytes);
  assert.deepEqual(shown, ['0 B', '999 B', '1.0 kB', '98.4 MB', '1.0 MB', '1.0 GB', '2.5 TB']);
});
