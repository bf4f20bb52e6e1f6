/**
 * The rolling window of `rolling-window.ts` in Lua, as pieces that the scripts in `redis-scripts.ts` are made of. The same
 * suite tests both.
 *
 * A window is a hash that holds the amount of every event by its time, with `booked`, `debt` and `pace` beside them, and a
 * sorted set of the times. Both live until all of it has left, and 60 s longer. A server that evicts keys forgets what
 * they held, but either of them without the other is no lasting trouble.
 */
import { WINDOW_MS } from './limiter.js';

/** How long the time of an account is kept, in ms. Should it be lost, windows empty later, never earlier. */
const TIME_KEPT_MS = 24 * 60 * 60 * 1000;
/** Events that are read at once when looking for one. */
const PAGE_LENGTH = 100;

/** `peek_time` and `read_time`. */
export const TIME = `
-- The account's time in ms, which follows the server's clock forward and stands still while that is set back; and what
-- the clock shows. Writes nothing.
local function peek_time(key, given)
  local reading = tonumber(given)
  if not reading then
    local server = redis.call('TIME')
    reading = server[1] * 1000 + math.floor(server[2] / 1000)
  end
  local last = redis.call('HMGET', key, 'reading', 'time')
  if not last[1] then return reading, reading end
  return last[2] + math.max(0, reading - last[1]), reading
end

-- The account's time, from which it goes on.
local function read_time(key, given)
  local time, reading = peek_time(key, given)
  redis.call('HSET', key, 'reading', reading, 'time', time)
  redis.call('PEXPIRE', key, ${TIME_KEPT_MS})
  return time
end
`;

/** What `WINDOW` needs of events: those that Redis keeps. */
export const STORED_EVENTS = `
local function open_events() end

local function add(window, amount, at)
  redis.call('HINCRBY', window.log, at, amount)
  redis.call('ZADD', window.times, at, at)
end

-- Removes an event and returns its amount.
local function remove(window, at)
  local amount = redis.call('HGET', window.log, at) or 0
  redis.call('HDEL', window.log, at)
  redis.call('ZREM', window.times, at)
  return amount
end

local function remove_all(window)
  redis.call('DEL', window.log, window.times)
end

local function oldest_at(window)
  return redis.call('ZRANGE', window.times, 0, 0)[1]
end

local function newest_at(window)
  return redis.call('ZRANGE', window.times, -1, -1)[1]
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
`;

/** What `WINDOW` needs of events: a copy of them, read as far as it is looked at, so that nothing is written. */
export const COPIED_EVENTS = `
-- Events have places from 1 on: those of Redis first, then what was added to the copy.
local function open_events(window)
  window.at, window.amounts, window.read = {}, {}, 0
  window.stored = redis.call('ZCARD', window.times)
  window.first, window.last = 1, window.stored
end

local function read_up_to(window, place)
  while window.read < math.min(place, window.stored) do
    -- The oldest alone tells whether any of them has left.
    local length = window.read == 0 and 1 or ${PAGE_LENGTH}
    local page = redis.call('ZRANGE', window.times, window.read, window.read + length - 1)
    local amounts = redis.call('HMGET', window.log, unpack(page))
    for index, at in ipairs(page) do
      window.at[window.read + index] = tonumber(at)
      window.amounts[window.read + index] = tonumber(amounts[index] or 0)
    end
    window.read = window.read + #page
  end
end

local function add(window, amount, at)
  window.last = window.last + 1
  window.at[window.last], window.amounts[window.last] = at, amount
end

-- Removes the oldest event and returns its amount.
local function remove(window)
  window.first = window.first + 1
  return window.amounts[window.first - 1]
end

local function remove_all(window)
  window.first = window.last + 1
end

local function oldest_at(window)
  if window.first > window.last then return nil end
  read_up_to(window, window.first)
  return window.at[window.first]
end

local function newest_at(window)
  if window.first > window.last then return nil end
  return window.at[window.last] or redis.call('ZRANGE', window.times, -1, -1)[1]
end

-- The time of the event that holds a unit, counted from 1 at the oldest.
local function time_of_unit(window, unit)
  for place = window.first, window.last do
    read_up_to(window, place)
    unit = unit - window.amounts[place]
    if unit <= 0 then return window.at[place] end
  end
end
`;

/** `open_window`, `change_limit`, `book`, `book_debt`, `ms_until_room` and `reset_ms`, on either kind of events. */
export const WINDOW = `
local WINDOW_MS = ${WINDOW_MS}

local function book(window, amount, at)
  if amount == 0 then return end
  add(window, amount, at)
  window.booked = window.booked + amount
  window.is_changed = true
end

local function book_debt(window, at)
  local amount = math.min(window.debt, window.pace - window.booked)
  if amount <= 0 then return end
  window.debt = window.debt - amount
  book(window, amount, at)
end

local function drop(window, at)
  window.booked = window.booked - remove(window, at)
  window.is_changed = true
end

-- Opens a window and brings it up to the time. Debts are booked at the pace of the last limit above 0, or of the given
-- one where none is known.
local function open_window(log, times, pace, now)
  local state = redis.call('HMGET', log, 'booked', 'debt', 'pace')
  local window = { log = log, times = times, booked = tonumber(state[1] or 0), debt = tonumber(state[2] or 0) }
  window.pace = tonumber(state[3] or pace)
  open_events(window)
  local oldest, newest = oldest_at(window), newest_at(window)
  if newest and newest + WINDOW_MS <= now and window.debt == 0 then
    -- All has left: none of it needs to go by itself.
    remove_all(window)
    window.is_changed, oldest = true, nil
  end
  while oldest and oldest + WINDOW_MS <= now do
    drop(window, oldest)
    book_debt(window, oldest + WINDOW_MS)
    oldest = oldest_at(window)
  end
  if not oldest then window.booked = 0 end
  book_debt(window, now)
  return window
end

-- Says which limit holds from now on.
local function change_limit(window, limit, now)
  window.limit = limit
  if limit == 0 or limit == window.pace then return end
  window.pace, window.is_changed = limit, true
  book_debt(window, now)
end

-- How long until there is room for an amount, debts included, under a limit.
local function ms_until_room(window, limit, needed, now)
  local repetitions = needed == 0 and 0 or math.floor((needed - 1) / limit)
  local last_unit = window.booked - limit + needed - repetitions * limit
  if last_unit <= 0 then return 0 end
  return time_of_unit(window, last_unit) + (repetitions + 1) * WINDOW_MS - now
end

-- How long until all of the window is free.
local function reset_ms(window, now)
  if window.debt > 0 then return ms_until_room(window, window.pace, window.debt, now) + WINDOW_MS end
  local newest = newest_at(window)
  return newest and newest + WINDOW_MS - now or 0
end
`;

/** `wait_ms` and `close_window`, for the verbs that book. */
export const BOOKING = `
-- How long until an amount fits; math.huge for never.
local function wait_ms(window, amount, now)
  if amount > window.limit or window.limit == 0 then return math.huge end
  return ms_until_room(window, window.limit, window.debt + amount, now)
end

-- Writes what has changed; returns how long until all of the window is free.
local function close_window(window, now)
  local reset = reset_ms(window, now)
  if window.is_changed then
    redis.call('HSET', window.log, 'booked', window.booked, 'debt', window.debt, 'pace', window.pace)
    redis.call('PEXPIRE', window.log, reset + WINDOW_MS)
    redis.call('PEXPIRE', window.times, reset + WINDOW_MS)
  end
  return reset
end
`;
