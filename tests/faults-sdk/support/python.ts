/** The OpenAI SDK for Python: its program runs once through all faults. */
import { fileURLToPath } from 'node:url';
import { pythonWith } from '../../support/python.js';
import { bodyOf, CASES, keyOf } from './cases.js';
import { createKey, type FaultServer } from './fault-server.js';
import { AT_A_TIME, type Column } from './run.js';
import { describeSeen, type Seen } from './seen.js';

const script = fileURLToPath(new URL('../../../faults-sdk/python/faults.py', import.meta.url));

/** What it saw, or why there is no Python; `maxRetries` is its own default when it is left out. */
export async function drivePython(server: FaultServer, maxRetries?: number): Promise<Column | string> {
  const python = await pythonWith('openai');
  if (typeof python === 'string') return python;
  const keys = await Promise.all(CASES.map(() => createKey(server)));
  const jobs = CASES.map((fault, index) => ({
    header: fault.header,
    stream: fault.stream,
    body: bodyOf(fault),
    api_key: keys[index]?.key,
    timeout_ms: fault.timeoutMs,
    max_retries: maxRetries ?? null,
  }));
  const environment = {
    PLUMB_BASE_URL: server.baseUrl,
    PLUMB_JOBS: JSON.stringify(jobs),
    PLUMB_WORKERS: String(AT_A_TIME),
  };
  const seen = JSON.parse(await python.run([script], { environment })) as Seen[];
  return new Map(
    CASES.map((fault, index) => [
      keyOf(fault),
      describeSeen(seen[index]!, server.attemptsOf(keys[index]?.id ?? ''), fault.timeoutMs),
    ]),
  );
}
