/**
 * The limiter's verbs in Lua, for Redis (5 or newer) and Valkey: each runs as a whole, so that no other replica comes
 * between check and booking. The windows are those of `rolling-window.ts`, and the same suite tests both.
 *
 * A window is a hash that holds the amount of every event by its time, with `booked` and `debt` beside them, and a sorted
 * set of the times. Both live until all of it has left, and 60 s longer. A server that evicts keys forgets what they
 * held, but either of them without the other is no lasting trouble.
 */
import { createHash } from 'node:crypto';
import { CONCURRENCY_RETRY_MS, WINDOW_MS } from './limiter.js';

/** A script and the name under which the server remembers it. */
export interface RedisScript {
  readonly source: string;
  /** Hexadecimal. */
  readonly sha1: string;
}

/** How long the time of an account is kept, in ms. Should it be lost, windows empty later, never earlier. */
const TIME_KEPT_MS = 24 * 60 * 60 * 1000;
/** How long a settlement is remembered, in ms, so that one that is sent again does not count again. */
const SETTLEMENT_KEPT_MS = 10 * 60 * 1000;
/** Events that are read at once when looking for one. */
const PAGE_LENGTH = 100;

const TIME = `
-- The account's time in ms: follows the server's clock forward and stands still while that is set back.
local function read_time(key, given)
  local reading = tonumber(given)
  if not reading then
    local server = redis.call('TIME')
    reading = server[1] * 1000 + math.floor(server[2] / 1000)
  end
  local last = redis.call('HMGET', key, 'reading', 'time')
  local time = reading
  if last[1] then time = last[2] + math.max(0, reading - last[1]) end
  redis.call('HSET', key, 'reading', reading, 'time', time)
  redis.call('PEXPIRE', key, ${TIME_KEPT_MS})
  return time
end
`;

const WINDOW = `
local WINDOW_MS = ${WINDOW_MS}

local function book(window, amount, at)
  if amount == 0 then return end
  redis.call('HINCRBY', window.log, at, amount)
  redis.call('ZADD', window.times, at, at)
  window.booked = window.booked + amount
  window.is_changed = true
end

local function book_debt(window, at)
  local amount = math.min(window.debt, window.limit - window.booked)
  if amount <= 0 then return end
  window.debt = window.debt - amount
  book(window, amount, at)
end

local function drop(window, at)
  window.booked = window.booked - (redis.call('HGET', window.log, at) or 0)
  redis.call('HDEL', window.log, at)
  redis.call('ZREM', window.times, at)
  window.is_changed = true
end

-- The time of an event, counted from 0 at the oldest or from -1 at the newest; nil where there is none.
local function event_at(window, place)
  return redis.call('ZRANGE', window.times, place, place)[1]
end

-- Opens a window and brings it up to the time.
local function open_window(log, times, limit, now)
  local state = redis.call('HMGET', log, 'booked', 'debt')
  local booked, debt = tonumber(state[1] or 0), tonumber(state[2] or 0)
  local window = { log = log, times = times, limit = limit, booked = booked, debt = debt }
  local oldest, newest = event_at(window, 0), event_at(window, -1)
  if newest and newest + WINDOW_MS <= now and window.debt == 0 then
    -- All has left: none of it needs to go by itself.
    redis.call('DEL', log, times)
    oldest = nil
  end
  while oldest and oldest + WINDOW_MS <= now do
    drop(window, oldest)
    book_debt(window, oldest + WINDOW_MS)
    oldest = event_at(window, 0)
  end
  if not oldest then window.booked = 0 end
  book_debt(window, now)
  return window
end

-- The time of the event that holds a unit, counted from 1 at the oldest.
local function time_of_unit(window, unit)
  local first = 0
  while true do
    local page = redis.call('ZRANGE', window.times, first, first + ${PAGE_LENGTH - 1})
    local amounts = redis.call('HMGET', window.log, unpack(page))
    for index, at in ipairs(page) do
      unit = unit - (amounts[index] or 0)
      if unit <= 0 then return tonumber(at) end
    end
    first = first + ${PAGE_LENGTH}
  end
end

local function wait_ms(window, amount, now)
  if amount > window.limit or window.limit == 0 then return math.huge end
  local needed = window.debt + amount
  local repetitions = needed == 0 and 0 or math.floor((needed - 1) / window.limit)
  local last_unit = window.booked - window.limit + needed - repetitions * window.limit
  if last_unit <= 0 then return 0 end
  return time_of_unit(window, last_unit) + (repetitions + 1) * WINDOW_MS - now
end

local function reset_ms(window, now)
  if window.debt > 0 and window.limit > 0 then return wait_ms(window, 0, now) + WINDOW_MS end
  local newest = event_at(window, -1)
  return newest and newest + WINDOW_MS - now or 0
end

-- Writes what has changed; returns how long until all of the window is free.
local function close_window(window, now)
  local reset = reset_ms(window, now)
  if window.is_changed then
    redis.call('HSET', window.log, 'booked', window.booked, 'debt', window.debt)
    redis.call('PEXPIRE', window.log, reset + WINDOW_MS)
    redis.call('PEXPIRE', window.times, reset + WINDOW_MS)
  end
  return reset
end
`;

/**
 * Takes from all scopes or from none.
 *
 * KEYS: time; for each scope the log and times of requests, the log and times of tokens, slots. ARGV: a time, or nothing
 * for the server's; tokens; permit; lease in ms; for each scope the limits of requests, tokens and concurrency, or nothing.
 * Returns the time; how long to wait in ms, 0 when admitted and -1 for never; the number of the scope and of the limit
 * that refuse; for each scope what remains and the reset in ms of requests and of tokens, -1 where there is no limit.
 */
export const ADMIT: RedisScript = script(`${TIME}${WINDOW}
local now = read_time(KEYS[1], ARGV[1])
local tokens, permit, lease_ms = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])

local scopes = {}
for key = 2, #KEYS, 5 do
  local limit = 5 + #scopes * 3
  local scope = { slots = KEYS[key + 4], concurrency = tonumber(ARGV[limit + 2]) }
  local requests, tokens_limit = tonumber(ARGV[limit]), tonumber(ARGV[limit + 1])
  if requests then scope.requests = open_window(KEYS[key], KEYS[key + 1], requests, now) end
  if tokens_limit then scope.tokens = open_window(KEYS[key + 2], KEYS[key + 3], tokens_limit, now) end
  scopes[#scopes + 1] = scope
end

local function wait_for_slot(scope)
  if scope.concurrency == 0 then return math.huge end
  redis.call('ZREMRANGEBYSCORE', scope.slots, '-inf', now)
  return redis.call('ZCARD', scope.slots) < scope.concurrency and 0 or ${CONCURRENCY_RETRY_MS}
end

local longest, refusing_scope, refusing_limit = 0, 0, 0
for index, scope in ipairs(scopes) do
  local waits = {
    scope.requests and wait_ms(scope.requests, 1, now) or 0,
    scope.tokens and wait_ms(scope.tokens, tokens, now) or 0,
    scope.concurrency and wait_for_slot(scope) or 0,
  }
  for limit, wait in ipairs(waits) do
    if wait > longest then longest, refusing_scope, refusing_limit = wait, index, limit end
  end
end

local reply = { now, longest == math.huge and -1 or longest, refusing_scope, refusing_limit }
local function close(window, amount)
  if window and longest == 0 then book(window, amount, now) end
  reply[#reply + 1] = window and math.max(0, window.limit - window.booked) or -1
  reply[#reply + 1] = window and close_window(window, now) or -1
end
for _, scope in ipairs(scopes) do
  close(scope.requests, 1)
  close(scope.tokens, tokens)
  if scope.concurrency and longest == 0 then
    redis.call('ZADD', scope.slots, now + lease_ms, permit)
    redis.call('PEXPIRE', scope.slots, lease_ms + WINDOW_MS)
  end
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
export const SETTLE: RedisScript = script(`${TIME}${WINDOW}
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
