/** The load generator as a process of its own, which ends with the benchmark. */
import type { FromGenerator, ToGenerator } from './protocol.js';
import { runJob } from './run-job.js';
import { writeBody } from './write-request.js';

process.on('message', (message: ToGenerator) => {
  answer(message).then(send, (error: unknown) => {
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
process.on('disconnect', () => process.exit(0));

async function answer(message: ToGenerator): Promise<FromGenerator> {
  if (message.type === 'load') return { type: 'loaded', result: await runJob(message.job) };
  return { type: 'decoded', microseconds: measureDecoding(message.bodyBytes, message.durationMs) };
}

/** What no gateway can do without that looks into a request: bytes to text, text to values. */
function measureDecoding(bodyBytes: number, durationMs: number): number {
  const body = writeBody({ bodyBytes });
  const decode = () => JSON.parse(body.toString()) as object;
  const warmUntilMs = performance.now() + durationMs / 2;
  while (performance.now() < warmUntilMs) decode();
  const startMs = performance.now();
  let count = 0;
  for (; performance.now() - startMs < durationMs; count++) decode();
  return ((performance.now() - startMs) / count) * 1000;
}

function send(message: FromGenerator): void {
  process.send?.(message);
}
