/** Specifies that the memory of a run does not grow with its results: 200,000 lines through files. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const LINES = 200_000;
/** What the program has without any line, and 45 bytes for each, and room for the collector to be late. */
const MEGABYTES_MAX = 330;

test('200,000 lines are asked and kept in constant memory', { timeout: 300_000 }, () => {
  const program = fileURLToPath(new URL('./memory-program.js', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, String(LINES)], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const { succeeded, megabytes } = JSON.parse(stdout) as { succeeded: number; megabytes: number };
  assert.equal(succeeded, LINES);
  assert.ok(megabytes < MEGABYTES_MAX, `${megabytes} MB`);
});
