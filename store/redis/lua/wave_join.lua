-- In the first shard. ARGV: epoch, now, seconds that a wave is kept, seconds until a small change is published, members
-- at most, members at least, sizes at which a wave is published (separated by commas), id and beginning of a new wave, waves kept at most,
-- the digests of accounts that the newcomer resembles, then two for each joining account: its digest and what is kept of it. Returns the id
-- of the wave, '' for none.
room()
local now, seconds, quiet = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local most, least = tonumber(ARGV[5]), tonumber(ARGV[6])
local fresh, began, kept_most, resembling = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11]
local JOINING = 12

local function passed(before, after)
  for size in string.gmatch(ARGV[7], '%d+') do
    if before < tonumber(size) and tonumber(size) <= after then return true end
  end
end

-- Of a status: the waves that the newcomer resembles enough of, the oldest first, and the one that it resembles most of.
local function nearest(status)
  local votes, several, near, best = {}, {}, {}, nil
  for at = 1, #resembling, WAVE_DIGEST do
    local id = wave_of(sub(resembling, at, at + WAVE_DIGEST - 1), status)
    if id then
      if not votes[id] then several[#several + 1] = id end
      votes[id] = (votes[id] or 0) + 1
    end
  end
  oldest_first(several)
  for _, id in ipairs(several) do
    if votes[id] >= least - 1 then near[#near + 1] = id end
    if not best or votes[id] > votes[best] then best = id end
  end
  return near, best
end

local near, best = nearest('open')
local id, dismissed = near[1] or best, nearest('verdict')[1]
if dismissed and not near[1] then
  for at = JOINING, #ARGV, 2 do
    if not wave_of(ARGV[at]) and not wave_of(ARGV[at], 'verdict') then
      add_member(dismissed, ARGV[at], ARGV[at + 1], now, seconds, quiet, most)
    end
  end
  return raise_anew(dismissed, now, seconds, quiet, most)
end

local function founds()
  local many, status = 0, call('HGET', wave_key(fresh), 's')
  for at = JOINING, #ARGV, 2 do
    if call('GET', member_key(ARGV[at])) ~= STAYS_OUT then many = many + 1 end
  end
  return many >= least and status ~= 'open' and status ~= 'verdict'
end

local before = 0
if id then
  before = number_of(id, 'n')
else
  id = fresh
  if not founds() then return '' end
  -- Beyond the cap the wave that changed longest ago makes room: waves_owed.lua forgets it.
  if call('ZCARD', KEPT_WAVES) >= kept_most then
    call('ZADD', KEPT_WAVES, now, call('ZRANGE', KEPT_WAVES, 0, 0)[1])
  end
  call('HSET', wave_key(id), 'b', began, 'n', 0, 's', 'open', 'm', '', 'p', 0)
end
local merged = false

for at = 2, #near do
  local other = near[at]
  if number_of(id, 'n') + number_of(other, 'n') <= most then -- else a full one would swallow others, of which nobody would hear
    merge_wave(other, id, now, seconds, quiet, most)
    merged = true
  end
end
for at = JOINING, #ARGV, 2 do
  if not wave_of(ARGV[at]) then add_member(id, ARGV[at], ARGV[at + 1], now, seconds, quiet, most) end
end
local size = number_of(id, 'n')
if size == before and not merged then return id end
local peak = number_of(id, 'p') -- whoever leaves and comes again does not publish it again
call('HSET', wave_key(id), 'p', math.max(peak, size))
keep_wave(id, now, seconds)
owe_wave(id, now, (merged or passed(math.max(before, peak), size)) and now or now + quiet)
return id
