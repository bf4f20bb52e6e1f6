/** Makes the request that is sent from the one that came: repaired, its use asked for, its tokens counted. */
import { isObject, type JsonObject } from '../dialects/dialect.js';
import type { Repaired, Repairs } from '../repairs/repairs.js';
import type { TokenCounter } from '../tokens/token-counter.js';
import type { Generation, Outgoing } from './outgoing.js';

export interface Prepared {
  readonly outgoing: Outgoing;
  readonly model: string;
  /** The body as it is sent; undefined where nothing is generated. */
  readonly sent: JsonObject | undefined;
  /** As counted beforehand. */
  readonly promptTokens: number;
  readonly answerTokensMax: number | undefined;
  /** Whether the events that carry the use alone are kept from the caller, who has not asked for them. */
  readonly hidesUsage: boolean;
  /** Makes the answer, or a chunk of it, one to the request that came in; undefined when it is one. */
  readonly turnBack: Repaired['turnBack'];
}

export async function prepare(outgoing: Outgoing, repairs: Repairs, counter: TokenCounter): Promise<Prepared> {
  const { generation } = outgoing;
  if (generation === undefined) return prepareOther(outgoing);
  const asked = askForUsage(generation);
  const { request: sent, turnBack } = await repairs.apply(asked ?? generation.request, outgoing.wishes.keepsFormat);
  const isChanged = sent !== generation.request;
  return {
    outgoing: isChanged ? withBody(outgoing, sent) : outgoing,
    model: generation.model,
    sent,
    promptTokens: counter.countRequest(sent),
    answerTokensMax: generation.dialect.answerTokensMax(sent),
    hidesUsage: asked !== undefined,
    turnBack,
  };
}

function prepareOther(outgoing: Outgoing): Prepared {
  const nothing = { sent: undefined, promptTokens: 0, answerTokensMax: 0, hidesUsage: false, turnBack: undefined };
  return { outgoing, model: '', ...nothing };
}

/** The request with its use asked for, undefined when there is no need to. */
function askForUsage({ dialect, isStream, request }: Generation): JsonObject | undefined {
  if (!isStream || !dialect.asksForUsage) return undefined;
  const options = isObject(request.stream_options) ? request.stream_options : {};
  if (options.include_usage !== undefined) return undefined;
  return { ...request, stream_options: { ...options, include_usage: true } };
}

function withBody(outgoing: Outgoing, request: JsonObject): Outgoing {
  const headers = new Headers(outgoing.headers);
  headers.delete('content-length');
  return { ...outgoing, headers, body: JSON.stringify(request) };
}
