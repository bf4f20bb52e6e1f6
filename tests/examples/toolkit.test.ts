/** The examples of the toolkit run against the real server, and its pages show parts of them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import {
  AFTER_CALL,
  HELLO,
  type ScriptedServers,
  startScriptedServers,
  THOUGHT,
} from '../foreign/support/scripted-servers.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));
const guide = fileURLToPath(new URL('../../../docs/guide/', import.meta.url));

/** Which server each example talks to, what it prints, and which page shows parts of it. */
interface Example {
  readonly server: 'hello' | 'tools' | 'reports';
  /** What it is called with; makes the files that it needs in a folder. */
  readonly args?: (folder: string) => Promise<string[]>;
  readonly prints: RegExp;
  readonly page: string;
}

const EXAMPLES: Record<string, Example> = {
  'streaming.ts': {
    server: 'hello',
    prints: new RegExp(`^${THOUGHT}${HELLO}\n\\d+ tokens\n$`.replaceAll('.', '\\.')),
    page: 'client-streaming.md',
  },
  'batch-files.ts': {
    server: 'hello',
    args: async (folder) => {
      const input = join(folder, 'in.jsonl');
      await writeFile(
        input,
        '{"custom_id": "a", "body": {"model": "deepseek-chat", "messages": [{"role": "user", "content": "Hi"}]}}\n',
      );
      return [input, join(folder, 'out.jsonl')];
    },
    prints: /^a true \d+\n0 all lines were asked\n$/,
    page: 'batch.md',
  },
  'limits.ts': {
    server: 'hello',
    prints: /^\[ 'requests 1 of 300', 'tokens \d+ of 150000', 'concurrency 0 of 50' \]\n$/,
    page: 'client-limits.md',
  },
  'tokens.ts': {
    server: 'hello',
    prints: /^exactly 6 \d+\n塔有多高\?\nabout \d+ \d+\na million letters are \d+\n$/,
    page: 'tokens.md',
  },
  'batch.ts': {
    server: 'hello',
    prints: /^(?:(?:Paris|Bern|Rome) answered\n){3}$/,
    page: 'toolkit.md',
  },
  'plan.ts': {
    server: 'hello',
    prints: /^at most 8\.3 a second, because of requests\n20 minutes with 50 at once\n$/,
    page: 'planning.md',
  },
  'incidents.ts': {
    server: 'hello',
    prints:
      /^(?:again in \d+ ms\n)+http:\S+ deepseek-chat: 3 failures, the last one: .+\n(?:again in \d+ ms\n)*breaker_open after \d+ attempts\n$/,
    page: 'client-retries.md',
  },
  'openai-sdk.ts': {
    server: 'hello',
    prints: new RegExp(`^(?:${HELLO}\\n){3}$`),
    page: 'toolkit.md',
  },
  'structured.ts': {
    server: 'reports',
    prints: /^Paris sunny 3\nby json_schema in 1 answer\(s\)\n$/,
    page: 'client-structured.md',
  },
  'tools-loop.ts': {
    server: 'tools',
    prints: new RegExp(
      `^calls get_weather \\{ city: 'Paris' \\}\nresult \\{.*"degrees":24\\}\n${AFTER_CALL}\n2 steps, 4 messages\n$`,
    ),
    page: 'client-tools.md',
  },
};

describe('every example of the toolkit', () => {
  let servers: ScriptedServers;
  before(async () => {
    servers = await startScriptedServers();
  });
  after(() => servers.stop());

  test('is known here', () => {
    assert.deepEqual(readdirSync(`${folder}toolkit`).sort(), Object.keys(EXAMPLES).sort());
  });

  for (const [name, { server, args, prints }] of Object.entries(EXAMPLES)) {
    test(`runs: ${name}`, async () => {
      const { url, key } = servers[server];
      const env = { ...process.env, PLUMB_BASE_URL: `${url}/v1`, PLUMB_API_KEY: key };
      const work = await mkdtemp(join(tmpdir(), 'plumb-example-'));
      const script = `${folder}dist/toolkit/${name.replace(/ts$/, 'js')}`;
      const { stdout } = await run(process.execPath, [script, ...((await args?.(work)) ?? [])], { env });
      await rm(work, { recursive: true });
      assert.match(stripVTControlCharacters(stdout), prints);
    });
  }

  for (const page of new Set(Object.values(EXAMPLES).map((example) => example.page))) {
    test(`is what ${page} shows`, () => {
      const names = Object.keys(EXAMPLES).filter((name) => EXAMPLES[name]?.page === page);
      const source = names.map((name) => readFileSync(`${folder}toolkit/${name}`, 'utf8')).join('\n');
      const shown = [...readFileSync(guide + page, 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!);
      assert.ok(shown.length > 0);
      for (const code of shown) for (const part of code.split('\n\n')) assert.ok(source.includes(part.trim()), part);
    });
  }
});
