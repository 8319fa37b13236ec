-- Waves, all in the first shard: they come from everywhere, and one step must see all of one. `v:` and its id is a
-- hash: r revision, b began, at changed, n members, s `open` or why it was withdrawn, m what it merged into, p the most
-- members it was published for, c how many of them a verdict covers, a the wave that they are beyond these, and `M` with the digest of each
-- member. `vm:` and a digest names the wave of an account, or says that it stays out; `vo` has since when waves are owed, `vx` until when
-- they are kept.
local OWED_WAVES, KEPT_WAVES = ROOT .. 'vo', ROOT .. 'vx'
local WAVE_DIGEST = 16
local STAYS_OUT = '!' -- instead of the wave of an account: it was reinstated

local function wave_key(id) return ROOT .. 'v:' .. id end
local function member_key(digest) return ROOT .. 'vm:' .. digest end
local function number_of(id, field) return tonumber(call('HGET', wave_key(id), field) or 0) end

-- The wave that an account is in, if it is open, or was withdrawn for this reason.
local function wave_of(digest, status)
  local id = call('GET', member_key(digest))
  if id and call('HGET', wave_key(id), 's') == (status or 'open') then return id end
end

local function keep_wave(id, now, seconds)
  call('EXPIRE', wave_key(id), seconds + 172800) -- longer than it is kept, so that its end is noticed
  call('ZADD', KEPT_WAVES, now + seconds, id)
end

-- A changed wave is owed, at `due` unless it is owed before.
local function owe_wave(id, now, due)
  call('HSET', wave_key(id), 'r', next_revision(number_of(id, 'r'), now), 'at', string.format('%.17g', now))
  call('ZADD', OWED_WAVES, 'LT', due, id)
end

-- The digests of a wave's members, and what is kept of each.
local function members_of(id)
  local found, fields = {}, call('HGETALL', wave_key(id))
  for at = 1, #fields, 2 do
    if byte(fields[at]) == 77 then found[#found + 1] = {sub(fields[at], 2), fields[at + 1]} end
  end
  return found
end

-- Withdraws a wave; but for a verdict it has no members from then on.
local function withdraw_wave(id, reason, now)
  if reason ~= 'verdict' then
    for _, member in ipairs(members_of(id)) do
      if call('GET', member_key(member[1])) == id then call('DEL', member_key(member[1])) end
      call('HDEL', wave_key(id), 'M' .. member[1])
    end
    call('HSET', wave_key(id), 'n', 0)
  end
  call('HSET', wave_key(id), 's', reason)
  owe_wave(id, now, now)
end

-- Puts an account into a wave, unless that is full or the account stays out. `kept`: what is kept of it there.
local function add_member(id, digest, kept, now, seconds, quiet, most)
  local former, there = call('GET', member_key(digest)), call('HEXISTS', wave_key(id), 'M' .. digest) == 1
  if former == STAYS_OUT or (not there and number_of(id, 'n') >= most) then return end
  -- It may be in one that a verdict withdrew: nobody is in two, since one of them would not see the account go.
  if former and former ~= id and call('HDEL', wave_key(former), 'M' .. digest) == 1 then
    call('HINCRBY', wave_key(former), 'n', -1)
    owe_wave(former, now, now + quiet)
  end
  if not there then
    call('HSET', wave_key(id), 'M' .. digest, kept)
    call('HINCRBY', wave_key(id), 'n', 1)
  end
  call('SET', member_key(digest), id, 'EX', seconds + 172800)
end

-- Of several waves the oldest comes first; of one age the lesser id.
local function oldest_first(waves)
  table.sort(waves, function(a, b)
    local one, other = number_of(a, 'b'), number_of(b, 'b')
    if one ~= other then return one < other end
    return a < b
  end)
end

local function merge_wave(id, older, now, seconds, quiet, most)
  local members = members_of(id)
  withdraw_wave(id, 'merged', now)
  call('HSET', wave_key(id), 'm', older)
  for _, member in ipairs(members) do add_member(older, member[1], member[2], now, seconds, quiet, most) end
end

-- A dismissed wave that has more members than the verdict covers goes into a new one. Returns the wave that they are in then.
local function raise_anew(id, now, seconds, quiet, most)
  local anew, size = call('HGET', wave_key(id), 'a'), number_of(id, 'n')
  local status = call('HGET', wave_key(anew), 's')
  if size <= number_of(id, 'c') or status == 'open' or status == 'verdict' then return id end
  call('HSET', wave_key(anew), 'b', call('HGET', wave_key(id), 'b'), 'n', 0, 's', 'open', 'm', '', 'p', size)
  merge_wave(id, anew, now, seconds, quiet, most)
  keep_wave(anew, now, seconds)
  owe_wave(anew, now, now)
  return anew
end
