/** Writing a job as the engine wants to be asked. */
import { parseJsonBody, readChatRequest } from '@plumb/wire';
import { UPSTREAM_KINDS } from '#server/engines/upstream/kinds/index.js';
import { writeRequest } from '#server/engines/upstream/write-request.js';
import { makeBodies } from '../bodies.js';
import { createJob } from '../played-engine.js';
import type { OpenSteps } from './index.js';

export const openWriteRequest: OpenSteps = () =>
  makeBodies().map(({ name, bytes }) => {
    const job = createJob(readChatRequest(parseJsonBody(bytes), bytes));
    const asked = { kind: UPSTREAM_KINDS.openai, model: 'stub', scope: () => 'scope', isWhole: true };
    return { name, run: () => writeRequest(job, asked) };
  });
