/**
 * Writes the keys and arguments of the scripts in `redis-scripts.ts` and reads what they answer. All keys of an account
 * carry it as hash tag, so in a cluster they are on one node.
 */
import { tightest } from './headroom.js';
import { type Admission, type Gauge, type Headroom, LIMIT_KINDS, type Refusal, type Scope } from './limiter.js';
import type { ScriptCall } from './redis-client.js';

/** One request to be admitted, with the names that it has in Redis. */
export interface RedisAdmission {
  readonly admission: Admission;
  /** Names the request among all of all replicas. */
  readonly permit: string;
  /** What every key begins with. */
  readonly prefix: string;
}

/** The call of `ADMIT`, without the time. */
export function callAdmit(request: RedisAdmission, leaseMs: number): ScriptCall {
  const { scopes, tokens } = request.admission;
  return {
    keys: [
      key(request, 'time'),
      ...scopes.flatMap((scope) => [
        key(request, 'requests', scope),
        key(request, 'request-times', scope),
        ...tokenKeys(request, scope),
        key(request, 'slots', scope),
      ]),
    ],
    arguments: [
      String(tokens),
      request.permit,
      String(leaseMs),
      ...scopes.flatMap(({ limits: { requestsPerMinute, tokensPerMinute, concurrentRequests } }) => [
        limitArgument(requestsPerMinute),
        limitArgument(tokensPerMinute),
        limitArgument(concurrentRequests),
      ]),
    ],
  };
}

/** What `ADMIT` answered. */
export type AdmitReply = { readonly takenAt: number; readonly headroom: Headroom } | Refusal;

/** Reads the answer of `ADMIT`. */
export function readAdmit(reply: unknown, { scopes }: Admission): AdmitReply {
  const [takenAt, waitMs, scope, limit, ...gauges] = reply as [number, number, number, number, ...number[]];
  const headroom = readHeadroom(scopes, gauges);
  if (waitMs === 0) return { takenAt, headroom };
  const reason = { admitted: false, limit: LIMIT_KINDS[limit - 1]!, scope: scopes[scope - 1]!.id, headroom } as const;
  return waitMs < 0 ? { ...reason, never: true } : { ...reason, never: false, retryAfterMs: waitMs };
}

/** The call of `SETTLE`, without the time. */
export function callSettle(request: RedisAdmission, takenAt: number, actualTokens: number): ScriptCall {
  const { scopes, tokens } = request.admission;
  return {
    keys: [
      key(request, 'time'),
      key(request, `settled:${request.permit}`),
      ...scopes.flatMap((scope) => [...tokenKeys(request, scope), key(request, 'slots', scope)]),
    ],
    arguments: [
      request.permit,
      String(takenAt),
      String(tokens),
      String(actualTokens),
      ...scopes.map(({ limits }) => limitArgument(limits.tokensPerMinute)),
    ],
  };
}

/** The call of `RENEW`, without the time; undefined when the request holds no slots. */
export function callRenew(request: RedisAdmission, leaseMs: number): ScriptCall | undefined {
  const limited = request.admission.scopes.filter(({ limits }) => limits.concurrentRequests !== undefined);
  if (limited.length === 0) return undefined;
  return {
    keys: [key(request, 'time'), ...limited.map((scope) => key(request, 'slots', scope))],
    arguments: [request.permit, String(leaseMs)],
  };
}

function tokenKeys(request: RedisAdmission, scope: Scope): string[] {
  return [key(request, 'tokens', scope), key(request, 'token-times', scope)];
}

function key({ prefix, admission }: RedisAdmission, name: string, scope?: Scope): string {
  const start = `${prefix}{${admission.account}}:${name}`;
  return scope === undefined ? start : `${start}:${scope.id}`;
}

function limitArgument(limit: number | undefined): string {
  return limit === undefined ? '' : String(limit);
}

/** `numbers`: what remains and the reset of requests and of tokens, for each scope; -1 where there is no limit. */
function readHeadroom(scopes: readonly Scope[], numbers: readonly number[]): Headroom {
  const read = (index: number, limit: number | undefined): Gauge | undefined =>
    limit === undefined ? undefined : { limit, remaining: numbers[index]!, resetMs: numbers[index + 1]! };
  return tightest(
    scopes.map(({ limits }, index) => read(index * 4, limits.requestsPerMinute)),
    scopes.map(({ limits }, index) => read(index * 4 + 2, limits.tokensPerMinute)),
  );
}
