/** A pass-through on the Node that Plumb runs on: what every figure of Plumb is divided by. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { repositoryPath } from '../../support/repository.js';
import { findFreePort } from '../../support/server-process.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

const PROGRAM = fileURLToPath(new URL('./bare-server.js', import.meta.url));

export const bare: Contender = {
  name: 'bare',
  isRare: false,
  duties: 'passes bytes; no log',
  async find() {
    const manifest = await readFile(repositoryPath('node_modules/undici/package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    return { version: `undici ${version}, Node ${process.version}`, start };
  },
};

async function start(setting: Setting) {
  const port = await findFreePort();
  const words = [PROGRAM, String(port), String(setting.upstreamPort)];
  return { ...startPinned(setting, process.execPath, words), target: { port, path: CHAT_PATH, headers: {} } };
}
