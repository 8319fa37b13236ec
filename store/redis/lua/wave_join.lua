-- In the first shard. ARGV: epoch, now, seconds that a wave is kept, seconds until a small change is published, members
-- at most, members at least, sizes at which a wave is published (separated by commas), keys at most, id and beginning of
-- a new wave, waves kept at most, the hashes of values in common (8 bytes each), the digests of accounts that the newcomer resembles, then
-- two for each joining account: its digest and what is kept of it. Returns the id of the wave, '' for none.
room()
local now, seconds, quiet = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local most, least, keys_most = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[8])
local fresh, began, kept_most, keys, resembling = ARGV[9], ARGV[10], tonumber(ARGV[11]), ARGV[12], ARGV[13]
local JOINING = 14

local function passed(before, after)
  for size in string.gmatch(ARGV[7], '%d+') do
    if before < tonumber(size) and tonumber(size) <= after then return true end
  end
end

local function silenced()
  local many = 0
  for at = 1, #keys, 8 do many = many + call('EXISTS', ROOT .. 'vs:' .. sub(keys, at, at + 7)) end
  return many > 0 and many * 16 >= #keys
end

-- The waves that the newcomer resembles enough of, or else the one that it resembles most of, the oldest first.
local votes, several = {}, {}
for at = 1, #resembling, WAVE_DIGEST do
  local id = wave_of(sub(resembling, at, at + WAVE_DIGEST - 1))
  if id then
    if not votes[id] then several[#several + 1] = id end
    votes[id] = (votes[id] or 0) + 1
  end
end
oldest_first(several)
local near, best = {}, nil
for _, id in ipairs(several) do
  if votes[id] >= least - 1 then near[#near + 1] = id end
  if not best or votes[id] > votes[best] then best = id end
end
local id = near[1] or best

local function founds()
  local many, status = 0, call('HGET', wave_key(fresh), 's')
  for at = JOINING, #ARGV, 2 do
    if call('GET', member_key(ARGV[at])) ~= STAYS_OUT then many = many + 1 end
  end
  return many >= least and status ~= 'open' and status ~= 'verdict' and not silenced()
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
  call('HSET', wave_key(id), 'b', began, 'n', 0, 's', 'open', 'k', '', 'm', '', 'p', 0)
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
local known = call('HGET', wave_key(id), 'k') or ''
for at = 1, #keys, 8 do
  local key = sub(keys, at, at + 7)
  if #known < keys_most * 8 and not aligned(known, key, 8) then known = known .. key end
end
local peak = number_of(id, 'p') -- whoever leaves and comes again does not publish it again
call('HSET', wave_key(id), 'k', known, 'p', math.max(peak, size))
keep_wave(id, now, seconds)
owe_wave(id, now, (merged or passed(math.max(before, peak), size)) and now or now + quiet)
return id
