/** llama.cpp's own server: the measure of what the engine should reach. */
import { join } from 'node:path';
import { findFreePort, ServerProcess } from '../../support/server-process.js';
import { CONTEXT_TOKENS, type RequestBody, type Sampling } from '../workload.js';
import type { Contender, RunningContender, Setting } from './contender.js';

/** Compares the llama-server at this path. */
export function createLlamaServer(binaryPath: string): Contender {
  return { name: 'llama-server', adaptBody, start: (setting) => start(binaryPath, setting) };
}

/**
 * The same chain as the embedded engine builds: top-p on the model's distribution, then temperature, then the draw;
 * its own defaults would add top-k 40 and min-p 0.05. Greedy is the cheapest way that it has, top-k 1.
 */
function adaptBody({ temperature }: Sampling): RequestBody {
  const chain = temperature === 0 ? { samplers: ['top_k'], top_k: 1 } : { samplers: ['top_p', 'temperature'] };
  return { ...chain, cache_prompt: false };
}

async function start(binaryPath: string, setting: Setting): Promise<RunningContender> {
  const port = await findFreePort();
  const server = new ServerProcess(binaryPath, listArguments(setting, port), join(setting.folder, 'llama-server.log'));
  await server.waitUntilReady(`http://127.0.0.1:${port}/health`);
  return {
    target: { kind: 'http', host: '127.0.0.1', port, path: '/v1/chat/completions', headers: {} },
    processes: [{ role: 'engine', processId: server.processId }],
    stop: () => server.stop(),
  };
}

function listArguments({ modelPath, width, threads }: Setting, port: number): string[] {
  return [
    ...['-m', modelPath, '--host', '127.0.0.1', '--port', String(port)],
    ...['-np', String(width), '-c', String(width * CONTEXT_TOKENS), '-t', String(threads)],
    ...['-b', '2048', '-ub', '512'],
    // Its prompt caches would only cost: no prompt comes twice.
    ...['--no-cache-prompt', '--cache-ram', '0'],
  ];
}
