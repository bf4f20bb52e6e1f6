/** `plumb engines`: shows the engines of a running server, and takes them out of work and back. */

import { Command } from 'commander';
import type { EngineAnswer } from '../admin/shapes/engine.js';
import { askServer, type RemoteFlags, withRemoteFlags } from './admin-client.js';
import { withExample } from './help.js';
import { print, printJson, printTable } from './print.js';

export function enginesCommand(): Command {
  const engines = new Command('engines').description('Show the engines of a running server, and drain them.');
  const list = engines.command('list').description('List the engines of all pools, and how they do.');
  withRemoteFlags(list, 'plumb engines list').action((flags: RemoteFlags) => listEngines(flags));
  const drain = engines
    .command('drain <pool:engine>')
    .description('Give an engine no more work; what it works on goes on. Lasts until the server stops.');
  withRemoteFlags(drain, 'plumb engines drain gpus:a').action((id: string, flags: RemoteFlags) =>
    changeEngine(id, true, flags),
  );
  const resume = engines.command('resume <pool:engine>').description('Give an engine work again.');
  withRemoteFlags(resume, 'plumb engines resume gpus:a').action((id: string, flags: RemoteFlags) =>
    changeEngine(id, false, flags),
  );
  return withExample(engines, 'plumb engines drain gpus:a');
}

async function listEngines(flags: RemoteFlags): Promise<void> {
  const answer = (await askServer(flags, 'GET', '/engines')) as { data: EngineAnswer[] };
  if (flags.json) return printJson(answer);
  printTable(
    ['ENGINE', 'KIND', 'CONDITION', 'WORK', 'REQUESTS', 'FAILED', 'CACHED', 'FIRST EVENT p50/p95', 'DETAIL'],
    answer.data.map((engine) => [
      engine.id,
      engine.kind,
      engine.alarm ? `${engine.condition} (refuses its operator)` : engine.condition,
      `${engine.outstanding}/${engine.concurrent_requests}`,
      String(engine.requests),
      String(engine.failures.engine + engine.failures.busy + engine.failures.operator),
      formatShare(engine.cache_hit_tokens, engine.prompt_tokens),
      `${formatMs(engine.first_event_ms.p50)}/${formatMs(engine.first_event_ms.p95)} ms`,
      engine.detail ?? '',
    ]),
  );
}

async function changeEngine(id: string, draining: boolean, flags: RemoteFlags): Promise<void> {
  const engine = (await askServer(flags, 'PATCH', `/engines/${encodeURIComponent(id)}`, { draining })) as EngineAnswer;
  if (flags.json) return printJson(engine);
  print(draining ? `${id} gets no more work; it works on ${engine.outstanding} requests.` : `${id} gets work again.`);
}

function formatShare(part: number, whole: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * part) / whole)} %`;
}

function formatMs(ms: number | null): string {
  return ms === null ? '-' : String(Math.round(ms));
}
