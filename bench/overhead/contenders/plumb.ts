/** Plumb as a user runs it, with all duties on: keys, validation, limits, metering, ledger on a disk, access log. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryPath } from '../../support/repository.js';
import { findFreePort } from '../../support/server-process.js';
import { CHAT_PATH, type Contender, type FindOptions, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

const COMMAND = repositoryPath('packages/server/dist/cli/main.js');
/** Those that `npm start` and the installed command give to Node. */
const FLAGS = ['--max-semi-space-size=32', '--semi-space-growth-factor=8'];
/** So large that no limit refuses anything; all of them are counted none the less. */
const LIMITS = '{ requests_per_minute: 100000000, tokens_per_minute: 1000000000000, concurrent_requests: 100000 }';
const PRICE = '{ input_cache_hit: 0.003, input_cache_miss: 0.15, output: 0.60 }';
const CREDIT = '1000000.00';

/** What sets one Plumb apart from another. */
interface Variant {
  name: string;
  duties: string;
  hasPrice: boolean;
  workers?: number;
}

const DUTIES = 'keys, validation, limits (requests, tokens, concurrency), metering, access log';

/** The one that the targets are about. */
export const plumb = createPlumb({ name: 'plumb', duties: `${DUTIES}, ledger on a disk`, hasPrice: true });

/** Without a price nothing is held and charged. */
export const plumbFree = createPlumb({ name: 'plumb-free', duties: DUTIES, hasPrice: false });

/** With two processes that serve. */
export const plumbTwoWorkers = createPlumb({
  name: 'plumb-2-workers',
  duties: `${DUTIES}, ledger on a disk`,
  hasPrice: true,
  workers: 2,
});

function createPlumb(variant: Variant): Contender {
  return {
    name: variant.name,
    isRare: !variant.hasPrice,
    duties: variant.duties,
    async find(options) {
      if (variant.workers !== undefined) await expectWorkers();
      const template = await prepareData(options, variant);
      const { stdout } = await runPlumb(['--version']);
      return {
        version: `Plumb ${stdout.trim()}, Node ${process.version}`,
        start: (setting) => start(setting, variant, template),
      };
    },
  };
}

/** The data of an account with a key and money; the server is started on a copy of it. */
interface Template {
  folder: string;
  key: string;
}

async function start(setting: Setting, { hasPrice, workers }: Variant, { folder, key }: Template) {
  const dataFolder = join(setting.folder, 'data');
  if (existsSync(folder)) await cp(folder, dataFolder, { recursive: true });
  const config = await writeConfig(setting.folder, setting.upstreamPort, hasPrice);
  const port = await findFreePort();
  const words = [
    ...[...FLAGS, COMMAND, 'serve', '--host', '127.0.0.1', '--port', String(port)],
    ...['--data-dir', dataFolder, '--config', config, '--log-level', 'info'],
    ...(workers === undefined ? [] : ['--workers', String(workers)]),
  ];
  const target = { port, path: CHAT_PATH, headers: { authorization: `Bearer ${key}` } };
  return { ...startPinned(setting, process.execPath, words), target };
}

/** Made once: what is measured as the start is that of the server, not that of the command line before it. */
async function prepareData({ folder: runFolder }: FindOptions, { name, hasPrice }: Variant): Promise<Template> {
  const folder = await mkdtemp(join(runFolder, `${name}-template-`));
  // The address is that of nobody: the commands only look at models and tiers.
  const config = await writeConfig(folder, 9, hasPrice);
  const dataFolder = join(folder, 'data');
  const common = ['--data-dir', dataFolder, '--config', config, '--json'];
  const account = await runForJson<{ id: string }>(['accounts', 'create', 'bench', ...common]);
  if (hasPrice) await runPlumb(['credit', 'add', account.id, CREDIT, ...common]);
  const { key } = await runForJson<{ key: string }>(['keys', 'create', '--account', account.id, ...common]);
  return { folder: dataFolder, key };
}

async function writeConfig(folder: string, upstreamPort: number, hasPrice: boolean): Promise<string> {
  const path = join(folder, 'plumb.yaml');
  await writeFile(
    path,
    `pools:
  main:
    engines:
      stub:
        kind: openai
        url: http://127.0.0.1:${upstreamPort}/v1
        concurrent_requests: 100000
        context_tokens: 4000000
models:
  - { id: m, pool: main${hasPrice ? `, price: ${PRICE}` : ''} }
tiers:
  bench: ${LIMITS}
default_tier: bench
`,
  );
  return path;
}

async function expectWorkers(): Promise<void> {
  const { stdout } = await runPlumb(['serve', '--help']);
  if (!stdout.includes('--workers')) throw new Error('`plumb serve` of this commit has no --workers');
}

async function runForJson<Value>(words: readonly string[]): Promise<Value> {
  return JSON.parse((await runPlumb(words)).stdout) as Value;
}

function runPlumb(words: readonly string[]) {
  return promisify(execFile)(process.execPath, [COMMAND, ...words]);
}
