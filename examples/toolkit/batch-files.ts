/** Runs the lines of a file, and goes on after whatever stopped it. Run: `node examples/dist/toolkit/batch-files.js in.jsonl out.jsonl`. */
import { createKit, runBatch } from '@plumb/client';
import { openFileJournal, readBatchFile } from '@plumb/client/node';

const [input = 'in.jsonl', output = 'out.jsonl'] = process.argv.slice(2);
const kit = createKit({
  baseURL: process.env.PLUMB_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.PLUMB_API_KEY ?? '',
});
const run = runBatch({
  lines: readBatchFile(input), // or an array, or any async iterable of lines
  endpoint: kit,
  journal: await openFileJournal(output),
});
for await (const { customId, succeeded, tokens } of run) console.log(customId, succeeded, tokens?.answer);
const { failed, stopped } = await run;
console.log(failed, stopped?.reason ?? 'all lines were asked');
