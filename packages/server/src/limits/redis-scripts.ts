/**
 * The limiter's verbs in Lua, for Redis (5 or newer) and Valkey: each runs as a whole, so that no other replica comes
 * between check and booking. What they know of windows is in `redis-window.ts`.
 */
import { createHash } from 'node:crypto';
import { CONCURRENCY_RETRY_MS, WINDOW_MS } from './limiter.js';
import { BOOKING, COPIED_EVENTS, STORED_EVENTS, TIME, WINDOW } from './redis-window.js';

/** A script and the name under which the server remembers it. */
export interface RedisScript {
  readonly source: string;
  /** Hexadecimal. */
  readonly sha1: string;
}

/** How long a settlement is remembered, in ms, so that one that is sent again does not count again. */
const SETTLEMENT_KEPT_MS = 10 * 60 * 1000;

/**
 * Takes from all scopes or from none.
 *
 * KEYS: time; for each scope the log and times of requests, the log and times of tokens, slots. ARGV: a time, or nothing
 * for the server's; tokens; permit; lease in ms; for each scope the limits of requests, tokens and concurrency, or nothing.
 * Returns the time; how long to wait in ms, 0 when admitted and -1 for never; the number of the scope and of the limit
 * that refuse; for each scope what remains and the reset in ms of requests and of tokens, -1 where there is no limit.
 */
export const ADMIT: RedisScript = script(`${TIME}${STORED_EVENTS}${WINDOW}${BOOKING}
local now = read_time(KEYS[1], ARGV[1])
local tokens, permit, lease_ms = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local function open_limited(log, times, limit)
  local window = open_window(log, times, limit, now)
  change_limit(window, limit, now)
  return window
end

local scopes = {}
for key = 2, #KEYS, 5 do
  local limit = 5 + #scopes * 3
  local scope = { slots = KEYS[key + 4], concurrency = tonumber(ARGV[limit + 2]) }
  local requests, tokens_limit = tonumber(ARGV[limit]), tonumber(ARGV[limit + 1])
  if requests then scope.requests = open_limited(KEYS[key], KEYS[key + 1], requests) end
  if tokens_limit then scope.tokens = open_limited(KEYS[key + 2], KEYS[key + 3], tokens_limit) end
  scopes[#scopes + 1] = scope
end

local function wait_for_slot(scope)
  redis.call('ZREMRANGEBYSCORE', scope.slots, '-inf', now)
  if not scope.concurrency then return 0 end
  if scope.concurrency == 0 then return math.huge end
  return redis.call('ZCARD', scope.slots) < scope.concurrency and 0 or ${CONCURRENCY_RETRY_MS}
end

local longest, refusing_scope, refusing_limit = 0, 0, 0
for index, scope in ipairs(scopes) do
  local waits = {
    scope.requests and wait_ms(scope.requests, 1, now) or 0,
    scope.tokens and wait_ms(scope.tokens, tokens, now) or 0,
    wait_for_slot(scope),
  }
  for limit, wait in ipairs(waits) do
    if wait > longest then longest, refusing_scope, refusing_limit = wait, index, limit end
  end
end

local reply = { now, longest == math.huge and -1 or longest, refusing_scope, refusing_limit }
local function close(window, amount)
  if window and longest == 0 then
    book(window, amount, now)
    window.is_changed = true
  end
  reply[#reply + 1] = window and math.max(0, window.limit - window.booked) or -1
  reply[#reply + 1] = window and close_window(window, now) or -1
end
for _, scope in ipairs(scopes) do
  close(scope.requests, 1)
  close(scope.tokens, tokens)
  if longest == 0 then
    redis.call('ZADD', scope.slots, now + lease_ms, permit)
    redis.call('PEXPIRE', scope.slots, lease_ms + WINDOW_MS)
  end
end
return reply
`);

/**
 * Says what is left in every scope. Writes nothing.
 *
 * KEYS: time; for each scope the log and times of requests, the log and times of tokens. ARGV: a time, or nothing for the
 * server's; for each scope the limits of requests and tokens, or nothing. Returns for each scope what remains and the
 * reset in ms of requests and of tokens, -1 where there is no limit.
 */
export const PEEK: RedisScript = script(`${TIME}${COPIED_EVENTS}${WINDOW}
local now = peek_time(KEYS[1], ARGV[1])
local reply = {}
for key = 2, #KEYS, 2 do
  local limit = tonumber(ARGV[1 + key / 2])
  local remaining, reset = -1, -1
  if limit then
    local window = open_window(KEYS[key], KEYS[key + 1], limit, now)
    change_limit(window, limit, now)
    remaining, reset = math.max(0, limit - window.booked), reset_ms(window, now)
  end
  reply[#reply + 1] = remaining
  reply[#reply + 1] = reset
end
return reply
`);

/**
 * Settles a permit, once.
 *
 * KEYS: time; mark of the settlement; for each scope the log and times of tokens, slots. ARGV: a time, or nothing for the
 * server's; permit; time of the admission; reserved tokens; used tokens; for each scope the limit of tokens, or nothing.
 * Returns 1, or 0 when the permit was settled before.
 */
export const SETTLE: RedisScript = script(`${TIME}${STORED_EVENTS}${WINDOW}${BOOKING}
if not redis.call('SET', KEYS[2], 1, 'NX', 'PX', ${SETTLEMENT_KEPT_MS}) then return 0 end
local now = read_time(KEYS[1], ARGV[1])
local permit, booked_at, reserved, used = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local function give_back(window, amount)
  local left = redis.call('HGET', window.log, booked_at)
  if not left then return end
  if tonumber(left) <= amount then return drop(window, booked_at) end
  redis.call('HINCRBY', window.log, booked_at, -amount)
  window.booked = window.booked - amount
end

for key = 3, #KEYS, 3 do
  redis.call('ZREM', KEYS[key + 2], permit)
  local limit = tonumber(ARGV[5 + key / 3])
  if limit and used ~= reserved then
    local window = open_window(KEYS[key], KEYS[key + 1], limit, now)
    if used < reserved then give_back(window, reserved - used) else window.debt = window.debt + used - reserved end
    book_debt(window, now)
    window.is_changed = true
    close_window(window, now)
  end
end
return 1
`);

/**
 * Keeps the slots of a running request for another lease; slots that were lost stay lost.
 *
 * KEYS: time; slots of each scope. ARGV: a time, or nothing for the server's; permit; lease in ms.
 */
export const RENEW: RedisScript = script(`${TIME}
local now = read_time(KEYS[1], ARGV[1])
for key = 2, #KEYS do
  redis.call('ZADD', KEYS[key], 'XX', now + ARGV[3], ARGV[2])
  redis.call('PEXPIRE', KEYS[key], ARGV[3] + ${WINDOW_MS})
end
return 1
`);

function script(source: string): RedisScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
