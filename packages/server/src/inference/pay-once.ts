/**
 * Requests with an `Idempotency-Key` are generated and paid for once, however often they are sent: the first one runs,
 * also when its client leaves, and the others get its answer, of which neither the limiter nor the ledger hears.
 */
import { conflict } from '@plumb/wire';
import { requireModel } from '../accounts/permissions.js';
import { ClientLeftError } from '../http/exchange.js';
import { explainError } from '../http/explain-error.js';
import type { AuthenticatedContext } from '../http/handler.js';
import { refreshLimits } from '../http/show-limits.js';
import type { Turn } from '../idempotency/claims.js';
import type { FlightEnd } from '../idempotency/flight.js';
import { fingerprintOf, REPLAYED_HEADER } from '../idempotency/idempotency-key.js';
import type { KeptAnswer } from '../idempotency/kept-answer.js';
import { unpack } from '../idempotency/pack.js';
import type { Outcome } from './outcome.js';
import { Transcript } from './transcript.js';
import { WaitingAnswer } from './waiting-answer.js';

export interface Payable {
  readonly context: AuthenticatedContext;
  readonly key: string;
  /** The body as it came. */
  readonly bytes: Uint8Array;
  /** Whether it asks for a stream. */
  readonly isStreamed: boolean;
  /** Generates the answer, sends it, and writes it down. Throws what keeps it from beginning. */
  generate(transcript: Transcript): Promise<Outcome>;
}

/** Answers a request of a key. Throws 409 for a key of another request. */
export async function payOnce(payable: Payable): Promise<void> {
  const { context, key, isStreamed } = payable;
  const { platform, exchange, caller } = context;
  const fingerprint = fingerprintOf(exchange.path, payable.bytes);
  const request = { accountId: caller.account.id, key, fingerprint };
  const { keepAlives, clock } = platform;
  const waiting = new WaitingAnswer({ exchange, streamed: isStreamed, keepAlives, clock });
  try {
    for (;;) {
      const turn = await platform.claims.begin(request);
      if (turn.kind === 'run') return await runOnce(payable, turn);
      const end = turn.kind === 'kept' ? turn : await waiting.until(turn.flight);
      if (end.kind === 'kept') return await replay(payable, waiting, end.answer);
      // Another key of the account may be allowed more: its request is judged by itself.
      if (end.kind === 'failed' && end.keyId === caller.key.id) throw end.error;
    }
  } catch (thrown) {
    waiting.close(explainError(thrown));
    throw thrown;
  }
}

/** Generates the answer, and tells whoever waits for it how that ended. */
async function runOnce({ context, generate }: Payable, { claim, end }: Extract<Turn, { kind: 'run' }>): Promise<void> {
  const { retention_s, answer_limit_bytes } = context.platform.config.idempotency;
  const limits = { limitBytes: answer_limit_bytes, retentionMs: retention_s * 1000 };
  const transcript = new Transcript({ claim, ...limits });
  const keyId = context.caller.key.id;
  let ended: FlightEnd = { kind: 'gone' };
  try {
    const outcome = await generate(transcript);
    if (outcome.kind === 'failed') ended = { kind: 'failed', error: outcome.error, keyId };
    else if (transcript.answer !== undefined) ended = { kind: 'kept', answer: transcript.answer };
  } catch (thrown) {
    if (!(thrown instanceof ClientLeftError)) ended = { kind: 'failed', error: explainError(thrown), keyId };
    throw thrown;
  } finally {
    end(ended);
  }
}

/** Sends what another request was answered with. */
async function replay({ context, isStreamed }: Payable, waiting: WaitingAnswer, answer: KeptAnswer): Promise<void> {
  const { caller, exchange, record } = context;
  requireModel(caller.key, answer.model);
  if (answer.content === undefined) throw conflict(TOO_LONG, { headers: { 'x-should-retry': 'false' } });
  const events = await unpack(answer.content);
  await refreshLimits(context, answer.model);
  exchange.setHeaders({ [REPLAYED_HEADER]: 'true' });
  waiting.send(events);
  Object.assign(record, { model: answer.model, stream: isStreamed, outcome: 'completed', replayed: true });
}

const TOO_LONG =
  'The answer for this Idempotency-Key was delivered once and is too long to be kept (idempotency.answer_limit_bytes): ' +
  'use another key to have it generated and charged again.';
