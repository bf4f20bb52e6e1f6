/** GoModel, a gateway in Go, with its key check and its metering in SQLite. */
import { join } from 'node:path';
import { findFreePort } from '../../support/server-process.js';
import { findGoProgram } from '../install/go-program.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

const MASTER_KEY = 'bench-master';

export const gomodel: Contender = {
  name: 'gomodel',
  isRare: true,
  duties: 'its master key, metering into SQLite every 5 s; no limits, no ledger',
  async find({ binaries }) {
    const program = { name: 'gomodel', path: 'github.com/enterpilot/gomodel/cmd/gomodel', version: 'v0.1.56' };
    const { binary, version } = await findGoProgram(program, binaries.gomodel);
    return { version, start: (setting) => start(setting, binary) };
  },
};

async function start(setting: Setting, binary: string) {
  const port = await findFreePort();
  const environment = {
    ...process.env,
    PORT: String(port),
    GOMODEL_MASTER_KEY: MASTER_KEY,
    OPENAI_API_KEY: 'none',
    OPENAI_BASE_URL: `http://127.0.0.1:${setting.upstreamPort}/v1`,
    STORAGE_TYPE: 'sqlite',
    SQLITE_PATH: join(setting.folder, 'gomodel.db'),
    GOMODEL_CACHE_DIR: join(setting.folder, 'cache'),
    USAGE_ENABLED: 'true',
    // Streams that the load generator leaves at its end would count as failures of the upstream.
    CIRCUIT_BREAKER_FAILURE_THRESHOLD: '1000000000',
    // Not the list of its makers: what is measured depends on this machine alone.
    MODEL_LIST_URL: `http://127.0.0.1:${setting.upstreamPort}/models.json`,
  };
  const started = startPinned(setting, binary, [], environment);
  return { ...started, target: { port, path: CHAT_PATH, headers: { authorization: `Bearer ${MASTER_KEY}` } } };
}
