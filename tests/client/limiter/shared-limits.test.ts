/** One limiter for several processes: real ones, some of which are killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KitError } from '#client/errors/kit-error.js';
import { FileLock } from '#client/node/file-lock.js';
import { isRunning, ownIdentity } from '#client/node/process-identity.js';
import { createSharedLimiter, type SharedLimiterOptions } from '#client/node/shared-limits.js';
import { SharedLog } from '#client/node/shared-log.js';
import { until } from '../../support/until.js';

const PROGRAM = fileURLToPath(new URL('./shared-process.js', import.meta.url));
const KEY = { endpoint: 'https://api.test', key: 'sk-secret', model: 'm' };
const PLAIN = { promptTokens: 10, answerTokensMax: 10 };

const folders: string[] = [];
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumb-shared-'));
  folders.push(folder);
  return folder;
}

function start(orders: object) {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const lines: string[] = [];
  child.stdout.on('data', (bytes) => lines.push(...String(bytes).trim().split('\n')));
  const said = (word: string) => lines.filter((line) => line.startsWith(word));
  return { child, said, times: (word: string) => said(word).map((line) => Number(line.split(' ')[1])) };
}

function open(folder: string, options: Partial<SharedLimiterOptions> = {}) {
  return createSharedLimiter({ ...KEY, folder, ...options });
}

test('several processes together stay within one limit of concurrency, and all finish', async () => {
  const folder = newFolder();
  const processes = [1, 2, 3].map(() => start({ folder, concurrency: 4, requests: 20, durationMs: 20 }));
  await until('all are done', () => processes.every(({ said }) => said('done').length === 1));
  const left = processes.flatMap(({ times }) => times('left').map((at) => ({ at, change: 1 })));
  const ended = processes.flatMap(({ times }) => times('ended').map((at) => ({ at, change: -1 })));
  assert.deepEqual([left.length, ended.length], [60, 60]);
  let running = 0;
  for (const { change } of [...left, ...ended].sort((one, other) => one.at - other.at || one.change - other.change)) {
    running += change;
    assert.ok(running <= 4);
  }
});

test('several processes together send no more requests than the limit', async () => {
  const folder = newFolder();
  const processes = [1, 2, 3].map(() =>
    start({ folder, requestsPerMinute: 30, concurrency: 100, requests: 20, durationMs: 1 }),
  );
  const left = () => processes.reduce((sum, { said }) => sum + said('left').length, 0);
  await until('the limit is used up', () => left() === 30);
  const limiter = open(folder, { limits: { requestsPerMinute: 30 } });
  await assert.rejects(limiter.admit({ ...PLAIN, deadline: Date.now() + 200 }), /deadline/);
  const [requests] = limiter.snapshot().axes;
  assert.deepEqual([requests?.used, left()], [30, 30]);
  limiter.close();
});

test('gives the places of a process that was killed to others, and keeps what it used in the window', async () => {
  const folder = newFolder();
  const killed = start({ folder, concurrency: 2, requests: 2, durationMs: -1 });
  await until('it holds both places', () => killed.said('left').length === 2);
  const limiter = open(folder, { limits: { concurrency: 2 } });
  const waiting = limiter.admit(PLAIN);
  killed.child.kill('SIGKILL');
  const permit = await waiting;
  assert.equal(limiter.snapshot().axes[0]?.used, 3);
  assert.equal(limiter.snapshot().axes[2]?.used, 1);
  permit.settle(15);
  limiter.close();
});

test('processes that are killed at any moment leave nothing that stops others', async () => {
  const folder = newFolder();
  for (let round = 0; round < 8; round++) {
    const victim = start({ folder, concurrency: 3, requests: 500, durationMs: 1 });
    await until('it works', () => victim.said('left').length > round * 3);
    victim.child.kill('SIGKILL');
  }
  const survivor = start({ folder, concurrency: 3, requests: 10, durationMs: 1 });
  await until('another one finishes', () => survivor.said('done').length === 1);
});

test('learns from what another one learnt', async () => {
  const folder = newFolder();
  const [one, other] = [open(folder), open(folder)];
  const permit = await one.admit(PLAIN);
  permit.answered(new Headers({ 'x-ratelimit-limit-requests': '77', authorization: 'Bearer sk-secret' }));
  assert.equal(other.snapshot().axes[0]?.limit, 77);
  one.close();
  other.close();
});

test('writes neither the key nor anything that others can read', async () => {
  const folder = newFolder();
  const limiter = open(folder);
  const permit = await limiter.admit(PLAIN);
  permit.refused({ axis: 'tokens', retryAfterMs: 1 }, new Headers({ authorization: 'Bearer sk-secret' }));
  limiter.close();
  const [hash = ''] = readdirSync(folder);
  assert.match(hash, /^[0-9a-f]{32}$/);
  assert.equal(statSync(join(folder, hash)).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, hash, 'log')).mode & 0o777, 0o600);
  for (const name of readdirSync(join(folder, hash), { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, hash, name);
    if (statSync(path).isFile()) assert.doesNotMatch(readFileSync(path, 'utf8'), /secret/);
  }
});

test('other keys and other models have limits of their own', async () => {
  const folder = newFolder();
  const limits = { requestsPerMinute: 1 };
  for (const difference of [{}, { key: 'sk-other' }, { model: 'n' }, { endpoint: 'https://b.test' }]) {
    const limiter = open(folder, { limits, ...difference });
    await limiter.admit(PLAIN);
    limiter.close();
  }
  assert.equal(readdirSync(folder).length, 4);
});

test('does not use a folder that others can write to', () => {
  const folder = newFolder();
  chmodSync(folder, 0o777);
  assert.throws(
    () => open(folder),
    (error) => KitError.is(error) && error.code === 'invalid_input',
  );
});

test('goes on alone, and says so once, when the file cannot be used', async () => {
  const folder = newFolder();
  const events: string[] = [];
  const limiter = open(folder, { limits: { concurrency: 1 }, onEvent: ({ type }) => events.push(type) });
  const [hash = ''] = readdirSync(folder);
  rmSync(join(folder, hash), { recursive: true });
  const permit = await limiter.admit(PLAIN);
  const next = limiter.admit(PLAIN);
  assert.equal(limiter.snapshot().waiting, 1);
  permit.settle(15);
  (await next).settle(15);
  assert.deepEqual(events, ['alone']);
  limiter.close();
});

test('a lock is held by one at a time, and can be had again when it is released', () => {
  const folder = newFolder();
  const [one, other] = [new FileLock(folder, `${ownIdentity()}:a`), new FileLock(folder, `${ownIdentity()}:b`)];
  assert.deepEqual([one.tryAcquire(Date.now()), other.tryAcquire(Date.now())], [true, false]);
  one.release();
  assert.deepEqual([other.tryAcquire(Date.now()), one.tryAcquire(Date.now())], [true, false]);
  other.release();
  assert.equal(readdirSync(folder).length, 1);
});

test('a lock whose owner is dead, is another process by now, or was stopped long ago is passed over', () => {
  const owners = ['999999999:1:a', `${process.pid}:1:a`, '0::', 'nonsense'];
  for (const owner of owners) {
    const folder = newFolder();
    writeFileSync(join(folder, 'lock.7'), `held ${owner}`);
    assert.equal(new FileLock(folder, `${ownIdentity()}:b`).tryAcquire(Date.now()), true, owner);
    assert.deepEqual(readdirSync(folder), ['lock.8']);
  }
  const folder = newFolder();
  const stopped = new FileLock(folder, `${ownIdentity()}:a`);
  assert.equal(stopped.tryAcquire(Date.now()), true);
  assert.equal(new FileLock(folder, `${ownIdentity()}:b`).tryAcquire(Date.now() + 6000), true);
  stopped.release();
});

test('knows whether a process runs', () => {
  assert.equal(isRunning(ownIdentity()), true);
  assert.equal(isRunning(`${ownIdentity()}:anything`), true);
  assert.equal(isRunning('999999999:'), false);
});

test('a log gives whole lines once, also after a line that was cut, and all of them after it was replaced', () => {
  const path = join(newFolder(), 'log');
  const [one, other] = [new SharedLog(path), new SharedLog(path)];
  one.append(['a', 'b']);
  assert.deepEqual(other.read(), { isFresh: true, lines: ['a', 'b'] });
  appendFileSync(path, 'cut');
  assert.deepEqual(other.read(), { isFresh: false, lines: ['cut'] });
  other.append(['c']);
  assert.equal(readFileSync(path, 'utf8'), 'a\nb\ncut\nc\n');
  other.replace(['d']);
  assert.deepEqual(one.read(), { isFresh: true, lines: ['d'] });
  assert.equal(one.hasNews(), false);
});

test('keeps the limits when the log is written anew', async () => {
  const folder = newFolder();
  const filler = `${JSON.stringify({ did: 'abandon', id: 'x', at: 0 })}\n`;
  const first = open(folder, { limits: { requestsPerMinute: 2 } });
  await first.admit(PLAIN);
  const [hash = ''] = readdirSync(folder);
  appendFileSync(join(folder, hash, 'log'), filler.repeat(4_500_000 / filler.length));
  const second = open(folder, { limits: { requestsPerMinute: 2 } });
  await second.admit(PLAIN);
  assert.ok(statSync(join(folder, hash, 'log')).size < 1000);
  assert.equal(first.snapshot().axes[0]?.used, 2);
  first.close();
  second.close();
});

test('begins anew with a log that was written before the clock was set back', async () => {
  const folder = newFolder();
  const limiter = open(folder, { limits: { requestsPerMinute: 1 } });
  const [hash = ''] = readdirSync(folder);
  mkdirSync(join(folder, hash), { recursive: true });
  const ahead = {
    did: 'take',
    by: ownIdentity(),
    id: 'y',
    at: Date.now() + 3_600_000,
    need: { promptTokens: 1, tokens: 1, most: 1 },
  };
  appendFileSync(join(folder, hash, 'log'), `${JSON.stringify(ahead)}\n`);
  (await limiter.admit(PLAIN)).settle(15);
  limiter.close();
});
