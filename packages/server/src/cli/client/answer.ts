/** An answer as it comes, of a chat or of a completion, streamed or whole: pieces of text and then how it ended. */
import { type Clock, type Endpoint, KitError } from '@plumb/client';
import { EventDecoder } from '@plumb/wire/sse';
import { type Answered, codeInside, failedWith, messageOf, readJson, type Sent, send } from './send.js';

export interface Piece {
  readonly kind: 'reasoning' | 'content';
  readonly text: string;
}

export interface AnswerEnd {
  /** `stop` when it is whole. */
  readonly finishReason: string;
  /** As the endpoint sent it; undefined when it sent none. */
  readonly usage: UsageCounts | undefined;
}

/** The counts of `usage` that are shown; an endpoint may send fewer. */
export interface UsageCounts {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_cache_hit_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null;
}

/** One object of the wire, as far as it is read here: a chunk or a whole answer, of either format. */
interface Body {
  readonly choices?: readonly Choice[];
  readonly usage?: UsageCounts | null;
}

interface Choice {
  readonly delta?: Said;
  readonly message?: Said;
  readonly text?: string | null;
  readonly finish_reason?: string | null;
}

interface Said {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
}

/**
 * Sends a request and yields its answer piece by piece; the connection is closed when the caller stops early.
 *
 * @throws KitError for whatever goes wrong, also in the middle of the answer.
 * @throws the reason of the signal, once it is aborted.
 */
export async function* streamAnswer(
  endpoint: Endpoint,
  clock: Clock,
  sent: Sent,
  signal: AbortSignal,
): AsyncGenerator<Piece, AnswerEnd> {
  const answered = await send(endpoint, clock, sent, signal);
  const isStream = answered.response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  let end: AnswerEnd | undefined;
  let usage: UsageCounts | undefined;
  for await (const body of isStream ? readEvents(answered, clock, signal) : readWhole(answered, clock, signal)) {
    usage = body.usage ?? usage;
    for (const choice of body.choices ?? []) {
      yield* piecesOf(choice);
      if (choice.finish_reason) end = { finishReason: choice.finish_reason, usage };
    }
  }
  if (end === undefined) throw brokenOff(answered, clock);
  return { ...end, usage };
}

async function* readWhole(answered: Answered, clock: Clock, signal: AbortSignal): AsyncGenerator<Body> {
  yield (await readJson(answered, clock, signal)) as Body;
}

async function* readEvents(answered: Answered, clock: Clock, signal: AbortSignal): AsyncGenerator<Body> {
  const decoder = new EventDecoder();
  try {
    for await (const bytes of answered.response.body ?? []) {
      for (const { data } of decoder.push(bytes)) {
        if (data === '[DONE]') return;
        yield readEvent(data, answered, clock);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    throw KitError.is(error) ? error : brokenOff(answered, clock);
  }
}

function readEvent(data: string, { startedAt, response, requestId }: Answered, clock: Clock): Body {
  const known = { clock, startedAt, status: response.status, requestId };
  try {
    const body = JSON.parse(data) as Body & { error?: unknown };
    if (body.error === undefined || body.error === null) return body;
  } catch {
    throw failedWith('invalid_answer', 'An event of the stream is no JSON.', known);
  }
  throw failedWith(
    codeInside(data),
    messageOf(data) ?? 'The endpoint sent an error in the middle of the stream.',
    known,
  );
}

function* piecesOf({ delta, message, text }: Choice): Generator<Piece> {
  const said = delta ?? message;
  if (said?.reasoning_content) yield { kind: 'reasoning', text: said.reasoning_content };
  const content = said?.content ?? text;
  if (content) yield { kind: 'content', text: content };
}

function brokenOff({ startedAt, response, requestId }: Answered, clock: Clock): KitError {
  const reason = 'The answer broke off: the connection ended before it was whole.';
  return failedWith('stream_interrupted', reason, { clock, startedAt, status: response.status, requestId });
}
