/**
 * A server in a process of its own, to be killed or to be one of several: takes settings as JSON, answers every request
 * at once without a model, and prints its URL and its first key.
 */
import { startServer } from '@plumb/server';
import { AnsweringEngine, type ProgramSettings } from './answering-engine.js';
import { readTestConfig } from './plumb.js';

const { dataDir, secret, used, settings } = JSON.parse(process.argv[2] ?? '{}') as ProgramSettings;
const config = await readTestConfig(dataDir, { log: { level: 'warn' }, ...settings });
const server = await startServer({ config, model: { engine: new AnsweringEngine(used) }, secret });
process.stdout.write(`${JSON.stringify({ url: server.url, key: server.firstKey })}\n`);
process.once('SIGTERM', () => void server.stop(5000));
