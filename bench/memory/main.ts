/**
 * `npm run bench:memory`: what a server holds and how soon it answers: idle, with open streams, with a million accounts;
 * and whether long prompts hold up others. Options: `-- --parts idle,streams,accounts,stalls`, `--json FILE`,
 * `--profile DIR` for a profile of the last part. Leaves out the embedded engine, whose memory is its model's.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measureAccounts } from './accounts.js';
import { measureIdle } from './idle.js';
import { formatRows, type Row } from './report.js';
import { measureStalls } from './stalls.js';
import { measureStreams } from './streams.js';

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { parts, json, profile } = parseArgs({ options: { parts: text, json: text, profile: text } }).values;
  const all: Readonly<Record<string, () => Promise<Row[]>>> = {
    idle: measureIdle,
    streams: measureStreams,
    accounts: measureAccounts,
    stalls: () => measureStalls(profile),
  };
  const results: Record<string, Row[]> = {};
  for (const name of parts?.split(',') ?? Object.keys(all)) {
    const measure = all[name];
    if (measure === undefined) throw new Error(`There is no part ${name}, only ${Object.keys(all).join(', ')}.`);
    results[name] = await measure();
    process.stdout.write(`${formatRows(name, results[name])}\n`);
  }
  const run = { date: new Date().toISOString(), node: process.version };
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ ...run, results }, null, 2)}\n`);
  // Sockets of clients that hold streams open would keep the process.
  process.exit();
}

await main();
