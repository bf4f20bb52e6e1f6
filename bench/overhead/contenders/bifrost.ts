/** Bifrost, a gateway in Go. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../support/server-process.js';
import { findGoProgram } from '../install/go-program.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

export const bifrost: Contender = {
  name: 'bifrost',
  isRare: true,
  duties: 'routing with its own queue; keys and limits need a virtual key, which is not set up',
  async find({ binaries }) {
    const program = {
      name: 'bifrost-http',
      path: 'github.com/maximhq/bifrost/transports/bifrost-http',
      version: 'v1.3.0',
    };
    const { binary, version } = await findGoProgram(program, binaries.bifrost);
    return { version, start: (setting) => start(setting, binary) };
  },
};

async function start(setting: Setting, binary: string) {
  const port = await findFreePort();
  const folder = join(setting.folder, 'app');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(describeConfig(setting)));
  const words = ['-app-dir', folder, '-host', '127.0.0.1', '-port', String(port), '-log-level', 'error'];
  return { ...startPinned(setting, binary, words), target: { port, path: CHAT_PATH, headers: {}, model: 'openai/m' } };
}

/** A provider that speaks OpenAI's API at the stub; nothing is kept in a database. */
function describeConfig({ upstreamPort }: Setting): object {
  const network = {
    base_url: `http://127.0.0.1:${upstreamPort}`,
    default_request_timeout_in_seconds: 600,
    max_retries: 0,
  };
  return {
    client: { initial_pool_size: 300, drop_excess_requests: false, enable_logging: false },
    config_store: { enabled: false },
    providers: {
      openai: {
        keys: [{ name: 'stub', value: 'none', models: ['m'], weight: 1 }],
        network_config: network,
        concurrency_and_buffer_size: { concurrency: 1000, buffer_size: 5000 },
      },
    },
  };
}
