/** Portkey's open gateway: an app on Hono and fetch, which looks into requests and passes them on. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../../support/server-process.js';
import { cached, explainFailure, INSTALL_TIMEOUT_MS } from '../install/cache.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

const GATEWAY = '1.15.2';
/** With later ones, which its own range of versions resolves to, every stream fails. */
const NODE_SERVER = '1.14.1';
const MANIFEST = JSON.stringify({
  private: true,
  dependencies: { '@portkey-ai/gateway': GATEWAY, '@hono/node-server': NODE_SERVER },
  overrides: { '@hono/node-server': '$@hono/node-server' },
});

export const portkey: Contender = {
  name: 'portkey',
  isRare: true,
  duties: 'routing; it has no keys, limits, metering or ledger that could be on',
  async find() {
    const folder = await cached('portkey', MANIFEST, install);
    const program = join(folder, 'node_modules/@portkey-ai/gateway/build/start-server.js');
    const version = `@portkey-ai/gateway ${GATEWAY}, @hono/node-server ${NODE_SERVER}, Node ${process.version}`;
    return { version, start: (setting) => start(setting, program) };
  },
};

async function install(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), MANIFEST);
  const words = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  await promisify(execFile)('npm', words, { cwd: folder, timeout: INSTALL_TIMEOUT_MS }).catch((error: unknown) => {
    throw new Error(`npm could not install it: ${explainFailure(error)}`);
  });
}

async function start(setting: Setting, program: string) {
  const port = await findFreePort();
  const headers = {
    authorization: 'Bearer none',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${setting.upstreamPort}/v1`,
  };
  const environment = { ...process.env, TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' };
  const started = startPinned(setting, process.execPath, [program, `--port=${port}`, '--headless'], environment);
  return { ...started, target: { port, path: CHAT_PATH, headers } };
}
