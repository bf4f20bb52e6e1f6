/** What a command works with once its endpoint is known: the connection, the model, and requests that are written down. */
import type { Endpoint } from '@plumb/client';
import { CliError, ExitCode } from '../exit-code.js';
import { type AnswerEnd, type Piece, streamAnswer } from './answer.js';
import { connect, type Patience } from './connect.js';
import type { ClientContext } from './context.js';
import type { EndpointFlags } from './flags.js';
import { withJournal } from './incidents.js';
import { listModelIds } from './list-models.js';
import { resolveEndpoint } from './resolve-endpoint.js';
import { sendForJson } from './send.js';

export interface Session {
  readonly context: ClientContext;
  readonly endpoint: Endpoint;
  readonly model: string;
  /** What is asked for, for the journal. */
  readonly command: string;
}

/** A request whose answer is generated. */
export interface Generation {
  /** Absolute. */
  readonly url: string;
  readonly body: object;
  /** What must not get into the journal. */
  readonly prompts: readonly string[];
}

/** Resolves the endpoint, and asks it for a model when nothing names one. Rejects with a CliError or a KitError. */
export async function openSession(
  command: string,
  flags: EndpointFlags & Patience,
  context: ClientContext,
  signal: AbortSignal,
): Promise<Session> {
  const target = await resolveEndpoint(flags, context);
  const endpoint = connect(target, context, flags);
  const model = target.model ?? (await firstModel(endpoint, context, command, signal));
  return { context, endpoint, model, command };
}

/** Asks for an answer and hands its pieces on as they come. @throws KitError, and the reason of the signal. */
export function generate(
  session: Session,
  { url, body, prompts }: Generation,
  onPiece: (piece: Piece) => Promise<void>,
  signal: AbortSignal,
): Promise<AnswerEnd> {
  const { context, endpoint } = session;
  return withJournal(context, undertakingOf(session, prompts), async () => {
    const pieces = streamAnswer(endpoint, context.clock, { method: 'POST', url, body }, signal);
    try {
      for (let next = await pieces.next(); ; next = await pieces.next()) {
        if (next.done) return next.value;
        await onPiece(next.value);
      }
    } finally {
      // Closes the connection when a piece could not be shown.
      await pieces.return({ finishReason: 'aborted', usage: undefined });
    }
  });
}

/** Asks for an answer as one object. @throws KitError, and the reason of the signal. */
export function generateWhole(
  session: Session,
  { url, body, prompts }: Generation,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const { context, endpoint } = session;
  return withJournal(context, undertakingOf(session, prompts), () =>
    sendForJson(endpoint, context.clock, { method: 'POST', url, body }, signal),
  );
}

function undertakingOf({ command, endpoint, model }: Session, prompts: readonly string[]) {
  return { command, endpoint: endpoint.baseUrl, model, prompts };
}

async function firstModel(
  endpoint: Endpoint,
  context: ClientContext,
  command: string,
  signal: AbortSignal,
): Promise<string> {
  const undertaking = { command, endpoint: endpoint.baseUrl, model: '', prompts: [] };
  const [first] = await withJournal(context, undertaking, () => listModelIds(endpoint, context.clock, signal));
  if (first !== undefined) return first;
  throw new CliError(`${endpoint.baseUrl} lists no models: name one with --model.`, ExitCode.usage);
}
