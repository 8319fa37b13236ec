-- The generations of what is remembered, numbered alike in all shards. ARGV of each script: epoch, now, the oldest
-- generation that lives and the one that is written (book.lua), seconds until its keys go by themselves, account-map
-- buckets of each, posting buckets of each in all shards, shards, bits of a slot.
local NOW, FIRST, LAST, SECONDS, BUCKETS, POSTINGS, SHARDS =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]),
  tonumber(ARGV[8])
local HEADS = 9
local UNLINKED_AT_ONCE = 256
one_of(ARGV[8], ARGV[9])

-- Of this shard: the oldest generation that lived and the one that was written when it was written last, perhaps by
-- somebody who knew of later ones than our caller; the one whose keys are being unlinked, and how many of these are.
local LOCAL = ROOT .. 'gl'
local noted = call('GET', LOCAL)
local oldest, newest, dead, unlinked = string.match(noted or '', '(%d+) (%d+) (%d+) (%d+)')
FIRST, LAST = math.max(FIRST, tonumber(oldest or 0)), math.max(LAST, tonumber(newest or 0))
dead, unlinked = tonumber(dead or FIRST), tonumber(unlinked or 0)

-- By how many bytes and accounts each generation has grown, as answered.
local grown = {}

local function grow(seq, bytes, accounts)
  local known = grown[seq] or {0, 0}
  grown[seq] = {known[1] + bytes, known[2] + accounts}
end

local function growth()
  local answer = {}
  for seq, by in pairs(grown) do
    for _, one in ipairs({seq, by[1], by[2]}) do answer[#answer + 1] = one end
  end
  return answer
end

local function name(seq)
  return 'g' .. seq .. ':'
end

-- Where an account is remembered: generation, slot.
local function find(digest)
  for seq = LAST, FIRST, -1 do
    local slot = map_get(ROOT .. name(seq), digest, BUCKETS)
    if slot then return seq, slot end
  end
end

-- Some keys of a generation that is over, which would go by themselves later.
local function clean()
  local index, shard = ROOT .. name(dead), SHARD or 0
  local pages = math.ceil(tonumber(call('HGET', index .. 'c', 'next') or 0) / PAGE)
  local postings = math.ceil((POSTINGS - shard) / SHARDS)
  local total, names = postings + BUCKETS + 2 * pages, {}
  for i = unlinked, math.min(unlinked + UNLINKED_AT_ONCE, total) - 1 do
    if i < postings then names[#names + 1] = index .. 'p' .. struct.pack('>I4', i * SHARDS + shard)
    elseif i < postings + BUCKETS then names[#names + 1] = string.format('%sa%x', index, i - postings)
    elseif i < postings + BUCKETS + pages then names[#names + 1] = index .. 'r' .. (i - postings - BUCKETS)
    else names[#names + 1] = index .. 'q' .. (i - postings - BUCKETS - pages) end
  end
  unlinked = unlinked + UNLINKED_AT_ONCE
  if unlinked >= total then
    names[#names + 1] = index .. 'c'
    names[#names + 1] = index .. 'o'
    dead, unlinked = dead + 1, 0
  end
  call('UNLINK', unpack(names))
end

-- To be called once all is written.
local function note_generations()
  if dead < FIRST then clean() end
  local note = string.format('%d %d %d %d', FIRST, LAST, dead, unlinked)
  if note ~= noted then call('SET', LOCAL, note) end
end
