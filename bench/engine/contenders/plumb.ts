/** Plumb as a user runs it: the built command line, a data folder, a key, the OpenAI endpoint. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { listChildren } from '../../support/process-usage.js';
import { repositoryPath } from '../../support/repository.js';
import { ServerProcess } from '../../support/server-process.js';
import { CONTEXT_TOKENS, type Sampling } from '../workload.js';
import type { Contender, RunningContender, Setting } from './contender.js';

const COMMAND = repositoryPath('packages/server/dist/cli/main.js');
const MODEL = 'deepseek-chat';

/** Prompt tokens that the engine reads in one step beside the running streams: the server's default. */
export const PREFILL_TOKENS = 128;

/** Compares the server. */
export const plumb: Contender = {
  name: 'plumb',
  adaptBody: (sampling) => ({ model: MODEL, ...toApiTemperature(sampling) }),
  start,
};

/** The API's temperature that the engine maps to the model's temperature of a case: the inverse of its own mapping. */
export function toApiTemperature({ temperature }: Sampling): { temperature: number } {
  return { temperature: temperature <= 0.3 ? temperature / 0.3 : temperature + 0.7 };
}

async function start(setting: Setting): Promise<RunningContender> {
  const configPath = join(setting.folder, 'plumb.yaml');
  const dataFolder = join(setting.folder, 'data');
  await writeFile(configPath, writeConfig(setting));
  const server = new ServerProcess(
    process.execPath,
    [
      COMMAND,
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--data-dir',
      dataFolder,
      '--config',
      configPath,
      '--model',
      setting.modelPath,
    ],
    join(setting.folder, 'plumb.log'),
  );
  const [, port] = await server.waitForOutput(/http:\/\/127\.0\.0\.1:(\d+)/);
  await server.waitUntilReady(`http://127.0.0.1:${port}/readyz`);
  const key = await createKey(dataFolder);
  return {
    target: {
      kind: 'http',
      host: '127.0.0.1',
      port: Number(port),
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}` },
    },
    processes: [
      { role: 'server', processId: server.processId },
      ...listChildren(server.processId).map((processId) => ({ role: 'engine' as const, processId })),
    ],
    stop: () => server.stop(),
  };
}

function writeConfig({ width, threads }: Setting): string {
  return [
    'engine:',
    `  context_tokens: ${CONTEXT_TOKENS}`,
    `  sequences: ${width}`,
    `  threads: ${threads}`,
    `  prefill_tokens: ${PREFILL_TOKENS}`,
    '',
  ].join('\n');
}

async function createKey(dataFolder: string): Promise<string> {
  const words = [COMMAND, 'keys', 'create', '--data-dir', dataFolder, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return (JSON.parse(stdout) as { key: string }).key;
}
