-- When bans took effect (store/common/calendar.py), at `b:t`: for each policy's number, `m`, `h`, `d` or `u` (days of
-- bans without a time) and a Unix minute, hour or day how many; `p<policy>` is that number (0: all that came when
-- there were as many as may be), `k` how many there are, `day` the latest day of a change, `v` a version. At
-- `b:t<hour>`, for a policy's number, whether a ban has no time, and a cluster: 64 times the bans, and the minute of
-- the hour that counts of them.
local TIMES = ROOT .. 'b:t'
local BAN_TIMES -- day, days with minutes, days with hours, policies at most
local policy_numbers = {}

local function times_kept(what, number)
  if what == 'm' then return number >= (BAN_TIMES.day - BAN_TIMES.minutes) * 1440 end
  return what ~= 'h' or number >= (BAN_TIMES.day - BAN_TIMES.hours) * 24
end

-- Once a day lets go of minutes and hours that the days alone are to hold.
local function times_turn(now, minutes, hours, policies)
  local today, known = math.floor(now / 86400), call('HGET', TIMES, 'day')
  BAN_TIMES = {day = math.max(today, tonumber(known or 0)), minutes = minutes, hours = hours, policies = policies}
  if known and tonumber(known) >= today then return end
  call('HSET', TIMES, 'day', today)
  call('HINCRBY', TIMES, 'v', 1)
  local gone, fields = {}, known and call('HGETALL', TIMES) or {}
  for at = 1, #fields, 2 do
    local field = fields[at]
    local what, number = string.match(field, '^%d+([mh])(%d+)$')
    if what and not times_kept(what, tonumber(number)) then gone[#gone + 1] = field end
  end
  for at = 1, #gone, 1000 do call('HDEL', TIMES, unpack(gone, at, math.min(at + 999, #gone))) end
end

local function policy_number(policy, adding)
  if policy_numbers[policy] then return policy_numbers[policy] end
  local number = call('HGET', TIMES, 'p' .. policy)
  if not number and adding and tonumber(call('HGET', TIMES, 'k') or 0) < BAN_TIMES.policies then
    number = call('HINCRBY', TIMES, 'k', 1)
    call('HSET', TIMES, 'p' .. policy, number)
  end
  if not number then return 0 end
  policy_numbers[policy] = tonumber(number)
  return policy_numbers[policy]
end

local function times_bump(number, what, bucket, by)
  if not times_kept(what, bucket) then return end
  local field = number .. what .. string.format('%.0f', bucket)
  if call('HINCRBY', TIMES, field, by) == 0 then call('HDEL', TIMES, field) end
end

local function times_count(dated, by)
  if dated == '' then return end
  local minute, day_only, size = struct.unpack('>I4BB', dated)
  local number = policy_number(sub(dated, 7 + size), by > 0)
  call('HINCRBY', TIMES, 'v', 1)
  if size > 0 then
    local hour = math.floor(minute / 60)
    local key, field = string.format('%s%.0f', TIMES, hour), char(number, day_only) .. sub(dated, 7, 6 + size)
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
  if day_only == 1 then return times_bump(number, 'u', math.floor(minute / 1440), by) end
  times_bump(number, 'm', minute, by)
  times_bump(number, 'h', math.floor(minute / 60), by)
  times_bump(number, 'd', math.floor(minute / 1440), by)
end
