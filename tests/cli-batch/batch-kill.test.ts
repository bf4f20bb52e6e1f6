/** kill -9 of the real program at fifty moments: each line has its answer once, and was paid for once. */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AnsweringEngine } from '../support/answering-engine.js';
import { Operator } from '../support/operator.js';
import { startPlumb } from '../support/plumb.js';
import { PRICED_MODEL } from '../support/priced-model.js';
import { idsIn, runProgram, startProgram, testFolder, writeInput } from './run-plumb.js';

const KILLS = 50;
const LINES = 1500;
/** Answers between two kills at most. */
const STEP_MAX = 40;
const SEED = 20_261_125;
const ARGS = ['batch', 'run', 'in.jsonl', '-o', 'out.jsonl', '--concurrency', '16', '--progress', 'none'];

/** Even numbers from 0 to 1 that are the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => -1,
  );
}

test('fifty kills leave each custom_id in the output once and in the ledger once', {
  timeout: 500_000,
}, async (context) => {
  const folder = await testFolder(context);
  const engine = new AnsweringEngine({ prompt: 10, completion: 5 });
  const server = await startPlumb({ engine, settings: { models: [PRICED_MODEL], default_tier: 'unlimited' } });
  context.after(() => server.stop());
  const operator = await Operator.open(context, { dataDir: server.dataDir });
  await operator.fund(server.account.id, '1000');
  await writeInput(join(folder, 'in.jsonl'), LINES);
  const output = join(folder, 'out.jsonl');
  const random = createRandom(SEED);
  let lineBytes = 400;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await sizeOf(output);
    const wanted = before + Math.floor(random() * STEP_MAX * lineBytes);
    const run = startProgram(ARGS, server, folder);
    let isOver = false;
    void run.ended.then(() => {
      isOver = true;
    });
    // It is killed once so many bytes are there, wherever it is at that moment.
    while (!isOver && (await sizeOf(output)) < wanted) await new Promise(setImmediate);
    run.child.kill('SIGKILL');
    const { code, stderr } = await run.ended;
    assert.ok(code === null || code === 0, stderr);
    const text = await readFile(output, 'utf8').catch(() => '');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const ids = idsIn(whole);
    assert.equal(new Set(ids).size, ids.length, 'no line is there twice');
    if (ids.length > 0) lineBytes = whole.length / ids.length;
  }
  const last = await runProgram(ARGS, server, folder);
  assert.equal(last.code, 0, last.stderr);
  const ids = idsIn(await readFile(output, 'utf8'));
  assert.equal(ids.length, LINES);
  assert.equal(new Set(ids).size, LINES);
  assert.equal(await readFile(join(folder, 'out.errors.jsonl'), 'utf8'), '');
  const charges = (await operator.entriesOf(server.account.id)).filter(({ kind }) => kind === 'charge');
  assert.equal(charges.length, LINES, 'each line was paid for once');
  assert.equal(engine.generations, LINES, 'each line was generated once');
  assert.ok(
    server.lines.some(({ replayed }) => replayed === true),
    'some answers were on their way when the program was killed, and were sent again',
  );
  await operator.assertSettled();
});
