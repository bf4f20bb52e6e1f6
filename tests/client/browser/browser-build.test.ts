/** The toolkit in browsers: how much a page has to load, and that it works there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildResult, build, type Metafile } from 'esbuild';

const entry = fileURLToPath(new URL('../../../../packages/client/dist/kit/kit.js', import.meta.url));
/** What one round trip of a new connection carries: ten packets. */
const PAGE_BYTES_MAX = 14_000;
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

const ANSWER = {
  id: 'chatcmpl-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello from afar' }, finish_reason: 'stop' }],
};
const PAGE = `<!doctype html><script type="module">
import { createKit } from '/kit.js';
const kit = createKit({ baseURL: location.origin + '/v1', apiKey: 'sk-test', retry: { baseMs: 1 } });
const said = await kit.chat({ model: 'far', messages: [{ role: 'user', content: 'Hi' }] }).then(({ content }) => content, String);
await fetch('/said', { method: 'POST', body: said });
</script>`;

type Built = BuildResult<{ write: false; metafile: true }>;
let built: Built;
before(async () => {
  built = await build({
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    outdir: '/',
    write: false,
    metafile: true,
  });
});

/** The files that a page loads together with one: what they import, but not what they load later. */
function loadedWith(name: string, { outputs }: Metafile, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const [, output] = Object.entries(outputs).find(([path]) => basename(path) === name) ?? [];
  for (const { kind, path } of output?.imports ?? []) {
    if (kind === 'import-statement') loadedWith(basename(path), { inputs: {}, outputs }, seen);
  }
  return seen;
}

function gzippedBytes(names: Iterable<string>): number {
  const files = new Map(built.outputFiles.map((file) => [basename(file.path), file.contents]));
  return [...names].reduce((sum, name) => sum + gzipSync(files.get(name) ?? '', { level: 9 }).length, 0);
}

describe('in a browser', () => {
  test('a page loads less than 14 kB for the kit', () => {
    const bytes = gzippedBytes(loadedWith('kit.js', built.metafile));
    assert.ok(bytes < PAGE_BYTES_MAX, `${bytes} bytes`);
  });

  test('nothing of Node is needed', () => {
    const inputs = Object.values(built.metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
    assert.deepEqual(
      inputs.filter((path) => path.startsWith('node:')),
      [],
    );
  });

  test('a page gets its answer, after a retry', async (context) => {
    if (CHROMIUM === undefined) return context.skip('chromium is not installed');
    let asked = 0;
    const said = Promise.withResolvers<string>();
    const server = createServer(async (request, response) => {
      const file = built.outputFiles.find(({ path }) => path === request.url);
      if (file !== undefined) response.writeHead(200, { 'content-type': 'text/javascript' }).end(file.contents);
      else if (request.url === '/said') said.resolve(await text(request));
      else if (request.method !== 'POST') response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      else if (asked++ === 0) response.writeHead(500).end('{"error":{"message":"busy"}}');
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(ANSWER));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const profile = await mkdtemp(join(tmpdir(), 'plumb-browser-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`, page];
    const chromium = spawn(CHROMIUM, flags, { stdio: 'ignore' });
    chromium.once('error', said.reject);
    assert.equal(await said.promise, 'Hello from afar');
    assert.equal(asked, 2);
    const ended = once(chromium, 'exit');
    chromium.kill();
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
});
