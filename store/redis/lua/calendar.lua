-- The calendar of bans (store/common/calendar.py). In the hash `b:t` a field is a policy's number, `m`, `h`, `d` or `u`
-- (minutes, hours and days, days of bans without a time) and the number of a row; its value holds the row's counts,
-- four bytes each. `p<policy>` is a policy's number (0 for all that came after the cap), `k` the number of policies,
-- `day` the latest day of a change, `since` the first of which minutes and hours are whole, `v` a version. In the hash `b:t<hour>` a field is a policy's number, whether the
-- ban has no time, and a cluster; its value is 64 times the number of bans, plus the minute of the hour that counts for
-- them.
local TIMES = ROOT .. 'b:t'
local ROWS = {m = {1, 1440}, h = {60, 768}, d = {1440, 256}, u = {1440, 256}} -- RULINGS of store/common/calendar.py
local today, since, kept_days, policies_max
local policy_numbers = {}

local function first_row(what, day)
  local minutes, together = unpack(ROWS[what])
  return math.floor(math.floor((day - kept_days[what]) * 1440 / minutes) / together)
end

-- Once a day, drops rows of minutes and hours so old that only their days are kept. A day far ahead was noted by a wrong
-- clock, which had them dropped, too: until tomorrow bans count by the day. Clocks of workers may differ by a day.
local function times_turn(now, minutes, hours, policies)
  kept_days, policies_max = {m = minutes, h = hours}, policies
  local known = tonumber(call('HGET', TIMES, 'day') or -1)
  since = tonumber(call('HGET', TIMES, 'since') or 0)
  today = math.floor(now / 86400)
  if known > today + 1 then
    since = math.max(since, today + 1)
    call('HSET', TIMES, 'day', today, 'since', since)
    call('HINCRBY', TIMES, 'v', 1)
    return
  end
  today = math.max(today, known)
  if today == known then return end
  call('HSET', TIMES, 'day', today)
  call('HINCRBY', TIMES, 'v', 1)
  if known < 0 then return end
  -- By the rows that there are, not by the days gone by: of a clock far ahead there are millions.
  local fields = call('HGETALL', TIMES)
  for at = 1, #fields, 2 do
    local field = fields[at]
    local what, row = string.match(field, '^%d+([mh])(%d+)$')
    if what and tonumber(row) < first_row(what, today) then call('HDEL', TIMES, field) end
  end
end

local function policy_number(policy, adding)
  if policy_numbers[policy] then return policy_numbers[policy] end
  local number = call('HGET', TIMES, 'p' .. policy)
  if not number and adding and tonumber(call('HGET', TIMES, 'k') or 0) < policies_max then
    number = call('HINCRBY', TIMES, 'k', 1)
    call('HSET', TIMES, 'p' .. policy, number)
  end
  if not number then return 0 end
  policy_numbers[policy] = tonumber(number)
  return policy_numbers[policy]
end

-- What the script is to add to rows, by field and place: a row is read and written once, however many bans it counts.
local bumps, counted = {}, false

local function times_bump(number, what, minute, by)
  local minutes, together = unpack(ROWS[what])
  local bucket = math.floor(minute / minutes)
  local row = math.floor(bucket / together)
  if kept_days[what] and (row < first_row(what, today) or minute < since * 1440) then return end
  local field, at = number .. what .. row, bucket % together * 4
  local places = bumps[field] or {}
  bumps[field], places[at] = places, (places[at] or 0) + by
end

-- To be called after all changes.
local function times_write()
  if counted then call('HINCRBY', TIMES, 'v', 1) end
  for field, places in pairs(bumps) do
    local together = ROWS[string.match(field, '%a')][2]
    local counts = call('HGET', TIMES, field) or string.rep('\0', together * 4)
    local order, parts, here = {}, {}, 0
    for at in pairs(places) do order[#order + 1] = at end
    table.sort(order)
    for _, at in ipairs(order) do
      -- Not below none: a ban of a day to come, noted while a clock was wrong, counts by the day alone.
      local count = math.max(0, struct.unpack('>I4', counts, at + 1) + places[at])
      parts[#parts + 1], parts[#parts + 2] = sub(counts, here + 1, at), struct.pack('>I4', count)
      here = at + 4
    end
    counts = table.concat(parts) .. sub(counts, here + 1)
    if string.find(counts, '[^%z]') then call('HSET', TIMES, field, counts) else call('HDEL', TIMES, field) end
  end
end

local function times_count(dated, by)
  if dated == '' then return end
  local minute, day_only, size = struct.unpack('>I4BB', dated)
  local number = policy_number(sub(dated, 7 + size), by > 0)
  counted = true
  if size > 0 then
    local hour = math.floor(minute / 60)
    local key, field = TIMES .. hour, char(number, day_only) .. sub(dated, 7, 6 + size)
    local held = call('HINCRBY', key, field, 64 * by)
    if by > 0 and held > 64 then return end
    if by > 0 then
      call('HINCRBY', key, field, minute % 60)
    else
      if held >= 64 then return end
      call('HDEL', key, field)
      minute = hour * 60 + held
    end
  end
  if day_only == 1 then return times_bump(number, 'u', minute, by) end
  times_bump(number, 'm', minute, by)
  times_bump(number, 'h', minute, by)
  times_bump(number, 'd', minute, by)
end
