/** LiteLLM's proxy in Python, with one worker. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../../support/server-process.js';
import { cached, explainFailure, INSTALL_TIMEOUT_MS } from '../install/cache.js';
import { CHAT_PATH, type Contender, type Setting } from './contender.js';
import { startPinned } from './start-pinned.js';

const REQUIREMENT = 'litellm[proxy]==1.108.7';
const MASTER_KEY = 'sk-bench-master';

export const litellm: Contender = {
  name: 'litellm',
  isRare: true,
  duties: 'its master key; without a database it has no further keys, limits for them or metering',
  async find() {
    const folder = await cached('litellm', REQUIREMENT, install);
    const python = join(folder, 'bin/python');
    const { stdout } = await promisify(execFile)(python, ['--version']);
    const version = `${REQUIREMENT}, ${stdout.trim()}`;
    return { version, start: (setting) => start(setting, python, join(folder, 'bin/litellm')) };
  },
};

async function install(folder: string): Promise<void> {
  const options = { timeout: INSTALL_TIMEOUT_MS };
  try {
    await promisify(execFile)('python3', ['-m', 'venv', folder], options);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', REQUIREMENT];
    await promisify(execFile)(join(folder, 'bin/python'), pip, options);
  } catch (error) {
    throw new Error(`pip could not install it: ${explainFailure(error)}`);
  }
}

async function start(setting: Setting, python: string, program: string) {
  const port = await findFreePort();
  const config = join(setting.folder, 'litellm.yaml');
  await writeFile(config, writeConfig(setting));
  // It must not look for prices elsewhere: what is measured depends on this machine alone.
  const environment = { ...process.env, LITELLM_LOCAL_MODEL_COST_MAP: 'True', LITELLM_LOG: 'ERROR' };
  const words = [program, '--config', config, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'];
  const started = startPinned(setting, python, words, environment);
  return { ...started, target: { port, path: CHAT_PATH, headers: { authorization: `Bearer ${MASTER_KEY}` } } };
}

function writeConfig({ upstreamPort }: Setting): string {
  return `model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      api_base: http://127.0.0.1:${upstreamPort}/v1
      api_key: none
litellm_settings:
  telemetry: false
  num_retries: 0
general_settings:
  master_key: ${MASTER_KEY}
`;
}
