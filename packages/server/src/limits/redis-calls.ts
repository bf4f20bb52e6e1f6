/**
 * Writes the keys and arguments of the scripts in `redis-scripts.ts` and reads what they answer. All keys of an account
 * carry it as hash tag, so in a cluster they are on one node.
 */
import { tightest } from './headroom.js';
import {
  type Admission,
  type Gauge,
  type Headroom,
  type HeadroomQuestion,
  LIMIT_KINDS,
  type Refusal,
  type Scope,
} from './limiter.js';
import type { ScriptCall } from './redis-client.js';

/** What every key of an account begins with. */
interface KeySpace {
  readonly prefix: string;
  readonly account: string;
}

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
  const space = keySpaceOf(request);
  return {
    keys: [
      key(space, 'time'),
      ...scopes.flatMap((scope) => [
        ...requestKeys(space, scope),
        ...tokenKeys(space, scope),
        key(space, 'slots', scope),
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

/** The call of `PEEK`, without the time. */
export function callPeek({ account, scopes }: HeadroomQuestion, prefix: string): ScriptCall {
  const space = { prefix, account };
  return {
    keys: [
      key(space, 'time'),
      ...scopes.flatMap((scope) => [...requestKeys(space, scope), ...tokenKeys(space, scope)]),
    ],
    arguments: scopes.flatMap(({ limits: { requestsPerMinute, tokensPerMinute } }) => [
      limitArgument(requestsPerMinute),
      limitArgument(tokensPerMinute),
    ]),
  };
}

/** Reads the answer of `PEEK`. */
export function readPeek(reply: unknown, { scopes }: HeadroomQuestion): Headroom {
  return readHeadroom(scopes, reply as number[]);
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
  const space = keySpaceOf(request);
  return {
    keys: [
      key(space, 'time'),
      key(space, `settled:${request.permit}`),
      ...scopes.flatMap((scope) => [...tokenKeys(space, scope), key(space, 'slots', scope)]),
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

/** The call of `RENEW`, without the time. */
export function callRenew(request: RedisAdmission, leaseMs: number): ScriptCall {
  const space = keySpaceOf(request);
  return {
    keys: [key(space, 'time'), ...request.admission.scopes.map((scope) => key(space, 'slots', scope))],
    arguments: [request.permit, String(leaseMs)],
  };
}

function keySpaceOf({ prefix, admission }: RedisAdmission): KeySpace {
  return { prefix, account: admission.account };
}

function requestKeys(space: KeySpace, scope: Scope): string[] {
  return [key(space, 'requests', scope), key(space, 'request-times', scope)];
}

function tokenKeys(space: KeySpace, scope: Scope): string[] {
  return [key(space, 'tokens', scope), key(space, 'token-times', scope)];
}

function key({ prefix, account }: KeySpace, name: string, scope?: Scope): string {
  const start = `${prefix}{${account}}:${name}`;
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
