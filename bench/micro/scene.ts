/** Everything that the steps work with, as a server has it: made by starting one, on a database file and with a pool. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startServer } from '@plumb/server';
import type { Caller } from '#server/accounts/authenticate.js';
import { loadConfig } from '#server/config/load-config.js';
import type { Exchange } from '#server/http/exchange.js';
import type { AuthenticatedContext } from '#server/http/handler.js';
import { readAmount } from '#server/ledger/money.js';
import { systemClock } from '#server/observe/clock.js';
import { createLog } from '#server/observe/log.js';
import type { Platform } from '#server/platform.js';
import { type Access, openAccess } from '#server/store/open-access.js';
import { startStubUpstream } from '../support/stub-upstream.js';

export interface Scene {
  readonly platform: Platform;
  /** The store of the server, opened once more: what the ledger commits to. */
  readonly access: Access;
  readonly caller: Caller;
  /** Those of a request with the caller's key. */
  readonly headers: IncomingHttpHeaders;
  /** What handlers are given for such a request. */
  readonly context: AuthenticatedContext;
  close(): Promise<void>;
}

const SETTINGS = {
  pools: { stub: { engines: { one: { kind: 'openai', model: 'stub', context_tokens: 131_072 } } } },
  models: [
    {
      id: 'deepseek-chat',
      pool: 'stub',
      thinking: 'disabled',
      price: { input_cache_hit: 0.1, input_cache_miss: 1, output: 2 },
    },
  ],
  default_tier: 'scale',
};

/** @param folder Where the data folder is made: what a commit costs depends on the disk. */
export async function openScene(folder = tmpdir()): Promise<Scene> {
  const dataDir = await mkdtemp(join(folder, 'plumb-micro-'));
  const upstream = await startStubUpstream();
  const settings = structuredClone(SETTINGS);
  Object.assign(settings.pools.stub.engines.one, { url: upstream.url });
  // JSON is YAML.
  await writeFile(join(dataDir, 'plumb.yaml'), JSON.stringify(settings));
  const flags = { dataDir, port: '0' };
  const config = await loadConfig({ flags, environment: {}, currentDir: dataDir, cores: 2 });
  const server = await startServer({ config, model: {}, log: createLog('silent') });
  const { platform, firstKey = '' } = server;
  while (platform.engines.notReady().length > 0) await wait(5);
  const access = await openAccess({ dataDir, clock: systemClock });
  const headers = { authorization: `Bearer ${firstKey}`, 'content-type': 'application/json' };
  const caller = await platform.authenticator.authenticate(headers);
  await addMoney(access, caller.account.id);
  return {
    ...{ platform, access, caller, headers },
    context: { platform, caller, id: '', record: {}, exchange: createExchange(headers) },
    async close() {
      await access.close();
      await server.stop(0);
      await upstream.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function addMoney(access: Access, accountId: string): Promise<void> {
  const addition = {
    kind: 'grant',
    accountId,
    amount: readAmount('1000000'),
    currency: 'USD',
    reference: 'bench',
  } as const;
  await access.administration.funds.addFunds(addition, { actor: 'bench', at: systemClock.now() });
}

/** As much of an exchange as the steps look at; a whole one needs a connection. */
function createExchange(headers: IncomingHttpHeaders): Exchange {
  const exchange = { headers, traceId: 'a'.repeat(32), method: 'POST', path: '/v1/chat/completions', status: 200 };
  return exchange as unknown as Exchange;
}
