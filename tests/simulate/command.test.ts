/** `plumb simulate` as a person types it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { loadConfig } from '#server/config/load-config.js';

const cli = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url));
const run = (...args: string[]) => promisify(execFile)(process.execPath, [cli, 'simulate', ...args]);

describe('plumb simulate', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plumb-fit-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test('lists the presets with their sources', async () => {
    const { stdout } = await run('presets');
    assert.match(stdout, /^8xH200 deepseek-v3\n {2}TensorRT-LLM.*\n {2}https:/m);
  });

  test('prints fitted times as settings that a server takes', async () => {
    const trace = join(folder, 'requests.csv');
    const rows = ['100,51,60,560,1', '1100,51,160,660,1', '1100,51,160,910,4'];
    await writeFile(trace, ['prompt_tokens,answer_tokens,ttft_ms,total_ms,concurrency', ...rows].join('\n'));
    const { stdout, stderr } = await run('fit', trace);
    assert.match(stderr, /fitted to 3 requests/);
    await writeFile(join(folder, 'plumb.yaml'), stdout);
    const config = await loadConfig({ flags: { dataDir: folder }, environment: {}, currentDir: folder, cores: 1 });
    const {
      slots,
      first_token_ms,
      prefill_tokens_per_s,
      token_ms = 0,
      token_ms_per_sequence = 0,
    } = config.simulate.latency;
    assert.deepEqual([slots, first_token_ms, prefill_tokens_per_s], [4, 50, 10_000]);
    assert.ok(Math.abs(token_ms + token_ms_per_sequence * 4 - 15) < 0.01);
  });

  test('says which line of a trace is wrong, with the exit code of a wrong command line', async () => {
    const trace = join(folder, 'wrong.csv');
    await writeFile(trace, 'prompt_tokens\n1\n');
    await assert.rejects(run('fit', trace), ({ code, stderr }: { code: number; stderr: string }) => {
      assert.equal(code, 2);
      assert.match(stderr, /wrong\.csv: Line 2 has no number/);
      return true;
    });
    await assert.rejects(run('fit', join(folder, 'nowhere.csv')), { code: 2 });
  });
});
