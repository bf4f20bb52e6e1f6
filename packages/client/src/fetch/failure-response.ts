/** The answer to a request that has failed for good: the endpoint's own status and words, and every attempt. */
import type { Attempt } from '../errors/kit-error.js';
import type { Failure } from './failure.js';
import type { Outgoing } from './outgoing.js';
import { rebuildHead } from './rebuild-head.js';

export function writeFailure(outgoing: Outgoing, failure: Failure, attempts: readonly Attempt[]): Response {
  const { error, status } = failure;
  const written = { type: failure.code, code: failure.code, ...error, message: summarize(error.message, attempts) };
  const envelope = outgoing.generation?.dialect.writeError(written, { attempts });
  const from = failure.headers === undefined ? {} : { headers: failure.headers };
  const { headers } = rebuildHead(new Response(null, { status, ...from }));
  const answered = headers as Headers;
  answered.set('content-type', 'application/json');
  answered.set('x-should-retry', 'false');
  return new Response(JSON.stringify(envelope ?? { error: { ...written, attempts } }), { status, headers: answered });
}

function summarize(message: string, attempts: readonly Attempt[]): string {
  const [first, last] = [attempts[0], attempts.at(-1)];
  if (first === undefined || last === undefined || attempts.length < 2) return message;
  const seconds = ((last.startedAt + last.durationMs - first.startedAt) / 1000).toFixed(1);
  return `${message.replace(/\.$/, '')} (after ${attempts.length} attempts in ${seconds} s).`;
}
