/**
 * The memory of the batch runner: lines from a file to files through an endpoint that answers at once, each number of
 * lines in a process of its own. `npm run bench:batch-memory -- 1000 1000000`.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import type { Endpoint } from '@plumb/client';
import { runBatch } from '@plumb/client';
import { openFileJournal, readBatchFile } from '@plumb/client/node';

const COUNTS = [1_000, 100_000, 1_000_000];
const MEASURE = '--measure';

interface Measurement {
  readonly lines: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly againSeconds: number;
  readonly outputMegabytes: number;
}

const ANSWER = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'MCMXCIX '.repeat(40) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 20, completion_tokens: 120, total_tokens: 140 },
});

const ENDPOINT: Endpoint = {
  baseUrl: 'http://endpoint.invalid',
  headers: () => ({}),
  fetch: async () => new Response(ANSWER),
};

async function measure(count: number): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-bench-batch-'));
  try {
    const [input, output] = [join(folder, 'in.jsonl'), join(folder, 'out.jsonl')];
    await pipeline(Readable.from(makeLines(count)), createWriteStream(input));
    const run = async () => {
      const startedAt = performance.now();
      const journal = await openFileJournal(output);
      const { succeeded, resumed } = await runBatch({ lines: readBatchFile(input), endpoint: ENDPOINT, journal });
      if (succeeded + resumed.succeeded !== count) throw new Error(`${succeeded} of ${count} lines have an answer.`);
      return (performance.now() - startedAt) / 1000;
    };
    const seconds = await run();
    // The second time everything is there: the results are read and nothing is asked.
    const againSeconds = await run();
    const outputMegabytes = (await stat(output)).size / 1e6;
    return { lines: count, megabytes: process.resourceUsage().maxRSS / 1024, seconds, againSeconds, outputMegabytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function* makeLines(count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    const messages = [{ role: 'user', content: `What is ${index} as a Roman numeral?` }];
    yield `${JSON.stringify({ custom_id: `request-${index}`, body: { model: 'm', messages } })}\n`;
  }
}

function measureApart(count: number): Measurement {
  const program = fileURLToPath(import.meta.url);
  const { stdout, stderr } = spawnSync(process.execPath, [program, MEASURE, String(count)], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Measurement;
}

const [first, ...others] = process.argv.slice(2);
if (first === MEASURE) {
  process.stdout.write(JSON.stringify(await measure(Number(others[0]))));
} else {
  const counts = first === undefined ? COUNTS : [first, ...others].map(Number);
  process.stdout.write('lines      memory at most   asked in   gone through again in   output\n');
  for (const { lines, megabytes, seconds, againSeconds, outputMegabytes } of counts.map(measureApart)) {
    const cells = [
      String(lines).padEnd(11),
      `${megabytes.toFixed(0)} MB`.padEnd(17),
      `${seconds.toFixed(1)} s`.padEnd(11),
      `${againSeconds.toFixed(1)} s`.padEnd(24),
      `${outputMegabytes.toFixed(0)} MB`,
    ];
    process.stdout.write(`${cells.join('')}\n`);
  }
}
