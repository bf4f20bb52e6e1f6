/** Takes a request in, or says which limit keeps it out, and until when. */
import { type ApiError, rateLimited } from '@plumb/wire';
import { type ScopeKind, scopeKindOf } from '../accounts/tier.js';
import type { Exchange } from '../http/exchange.js';
import { renderHeadroom, renderRefusal } from '../limits/headers.js';
import type { Admission, Limiter, LimitKind, Permit, Refusal } from '../limits/limiter.js';
import type { MaybePromise } from '../limits/maybe-promise.js';
import type { Metrics } from '../observe/metrics.js';

export interface AdmitParts {
  readonly limiter: Limiter;
  readonly admission: Admission;
  readonly exchange: Exchange;
  /** Counts refusals. */
  readonly metrics: Pick<Metrics, 'refused'>;
}

/**
 * Asks the limiter, and shows what it says in the headers of the answer. Fails with 429 when a limit has no room, with
 * a LimiterLostError when the shared limits cannot be asked, and with the reason of the signal when that ends the wait.
 */
export function admit(parts: AdmitParts, signal: AbortSignal | undefined): MaybePromise<Permit> {
  const decision = parts.limiter.admit(parts.admission, signal);
  return decision instanceof Promise ? decision.then((later) => take(parts, later)) : take(parts, decision);
}

function take({ admission, exchange, metrics }: AdmitParts, decision: Permit | Refusal): Permit {
  if (decision.admitted) {
    exchange.setHeaders(renderHeadroom(decision.headroom));
    return decision;
  }
  metrics.refused(decision.limit, scopeKindOf(decision.scope));
  throw refuse(decision, admission);
}

function refuse(refusal: Refusal, { scopes, tokens }: Admission): ApiError {
  const limits = scopes.find(({ id }) => id === refusal.scope)?.limits;
  const scope = scopeKindOf(refusal.scope);
  const limit = {
    requests: limits?.requestsPerMinute,
    tokens: limits?.tokensPerMinute,
    concurrency: limits?.concurrentRequests,
  }[refusal.limit];
  const headers = {
    ...renderRefusal(refusal),
    'x-ratelimit-refused-by': refusal.limit,
    'x-ratelimit-refused-scope': scope,
  };
  return rateLimited(explain(refusal, limit ?? 0, OWNERS[scope], tokens), headers);
}

/** Whose limits those of a scope are. */
const OWNERS: Readonly<Record<ScopeKind, string>> = {
  account: 'this account',
  model: 'this account for this model',
  key: 'this key',
};

/** What each limit is called after its number. */
const LIMIT_NAMES: Readonly<Record<LimitKind, string>> = {
  requests: 'requests per minute',
  tokens: 'tokens per minute',
  concurrency: 'requests at the same time',
};

function explain(refusal: Refusal, limit: number, owner: string, tokens: number): string {
  const what = `${limit} ${LIMIT_NAMES[refusal.limit]} of ${owner}`;
  if (refusal.never) {
    return refusal.limit === 'tokens' && limit > 0
      ? `Request too large: it may take ${tokens} tokens, which never fit into the ${what}. Send a shorter prompt or a smaller max_tokens.`
      : `The limit of ${what} admits no request at all. Ask the operator for another tier.`;
  }
  if (refusal.limit === 'concurrency') {
    return `Too many requests. The concurrency limit of ${limit} of ${owner} is reached. Try again when a running request has ended.`;
  }
  const seconds = Math.ceil(refusal.retryAfterMs / 100) / 10;
  const needs = refusal.limit === 'tokens' ? ` This request may take ${tokens}.` : '';
  return `Rate limit reached for ${what}.${needs} Try again in ${seconds} s.`;
}
