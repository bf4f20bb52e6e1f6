/** Runs a batch of as many lines as it is told from and to files, and prints how much memory it took at most. */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runBatch } from '#client/batch/run-batch.js';
import { readBatchFile } from '#client/node/batch-input.js';
import { openFileJournal } from '#client/node/batch-journal.js';
import { answerWith, PlayedEndpoint } from './played-endpoint.js';

const count = Number(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), 'plumb-memory-'));
const input = join(folder, 'in.jsonl');

function* lines(): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    const body = { model: 'm', messages: [{ role: 'user', content: `What is ${index} as a Roman numeral?` }] };
    yield `${JSON.stringify({ custom_id: `request-${index}`, method: 'POST', url: '/v1/chat/completions', body })}\n`;
  }
}

try {
  await pipeline(Readable.from(lines()), createWriteStream(input));
  const startedAt = performance.now();
  const summary = await runBatch({
    lines: readBatchFile(input),
    endpoint: new PlayedEndpoint(() => answerWith(), false),
    journal: await openFileJournal(join(folder, 'out.jsonl')),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  process.stdout.write(
    `${JSON.stringify({ succeeded: summary.succeeded, megabytes, seconds: Math.round(seconds) })}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
