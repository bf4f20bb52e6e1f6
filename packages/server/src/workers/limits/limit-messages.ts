/** Questions and answers of the limiter as they travel: flat lists, because every request sends and awaits one. */
import type { Admission, Gauge, Headroom, HeadroomQuestion, LimitKind, Refusal, Scope } from '../../limits/limiter.js';

/** For each scope its id, requests and tokens a minute, and requests at the same time. */
type ScopesMessage = readonly (string | number | undefined)[];

export type QuestionMessage = readonly [account: string, scopes: ScopesMessage];

/** Without the last two nothing waits. */
export type AdmissionMessage = readonly [
  ticket: number,
  account: string,
  tokens: number,
  scopes: ScopesMessage,
  maxWaitMs?: number,
  maxLength?: number,
];

/** Limit, what remains and time to reset in ms, of requests and then of tokens; undefined where there is no limit. */
export type HeadroomMessage = readonly (number | undefined)[];

/** A permit is its headroom alone. `retryAfterMs` is undefined where it never fits. */
export type DecisionMessage =
  | readonly [headroom: HeadroomMessage]
  | readonly [headroom: HeadroomMessage, limit: LimitKind, scope: string, retryAfterMs: number | undefined];

export function encodeQuestion({ account, scopes }: HeadroomQuestion): QuestionMessage {
  return [account, encodeScopes(scopes)];
}

export function decodeQuestion([account, scopes]: QuestionMessage): HeadroomQuestion {
  return { account, scopes: decodeScopes(scopes) };
}

export function encodeAdmission(ticket: number, { account, tokens, scopes, queue }: Admission): AdmissionMessage {
  const asked = [ticket, account, tokens, encodeScopes(scopes)] as const;
  return queue === undefined ? asked : [...asked, queue.maxWaitMs, queue.maxLength];
}

export function decodeAdmission([, account, tokens, scopes, maxWaitMs, maxLength]: AdmissionMessage): Admission {
  const asked = { account, tokens, scopes: decodeScopes(scopes) };
  if (maxWaitMs === undefined || maxLength === undefined) return asked;
  return { ...asked, queue: { maxWaitMs, maxLength } };
}

export function encodeHeadroom({ requests, tokens }: Headroom): HeadroomMessage {
  return [
    ...[requests?.limit, requests?.remaining, requests?.resetMs],
    ...[tokens?.limit, tokens?.remaining, tokens?.resetMs],
  ];
}

export function decodeHeadroom([...numbers]: HeadroomMessage): Headroom {
  const requests = decodeGauge(numbers.slice(0, 3));
  const tokens = decodeGauge(numbers.slice(3));
  return { ...(requests && { requests }), ...(tokens && { tokens }) };
}

export function encodeRefusal(refusal: Refusal): DecisionMessage {
  const { headroom, limit, scope } = refusal;
  return [encodeHeadroom(headroom), limit, scope, refusal.never ? undefined : refusal.retryAfterMs];
}

/** Undefined for a permit. */
export function decodeRefusal(decision: DecisionMessage): Refusal | undefined {
  if (decision.length === 1) return undefined;
  const [numbers, limit, scope, retryAfterMs] = decision;
  const reason = { admitted: false, limit, scope, headroom: decodeHeadroom(numbers) } as const;
  return retryAfterMs === undefined ? { ...reason, never: true } : { ...reason, never: false, retryAfterMs };
}

function encodeScopes(scopes: readonly Scope[]): ScopesMessage {
  const message: (string | number | undefined)[] = [];
  for (const { id, limits } of scopes) {
    message.push(id, limits.requestsPerMinute, limits.tokensPerMinute, limits.concurrentRequests);
  }
  return message;
}

function decodeScopes(message: ScopesMessage): Scope[] {
  const scopes: Scope[] = [];
  for (let at = 0; at < message.length; at += 4) {
    const [requestsPerMinute, tokensPerMinute, concurrentRequests] = message.slice(at + 1, at + 4) as number[];
    scopes.push({ id: message[at] as string, limits: { requestsPerMinute, tokensPerMinute, concurrentRequests } });
  }
  return scopes;
}

function decodeGauge([limit, remaining, resetMs]: readonly (number | undefined)[]): Gauge | undefined {
  if (limit === undefined || remaining === undefined || resetMs === undefined) return undefined;
  return { limit, remaining, resetMs };
}
