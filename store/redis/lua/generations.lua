-- The generations of remembered accounts, numbered alike in all shards. ARGV of each script that includes this: epoch,
-- now, the oldest living generation and the one that is written (book.lua), time to live of its keys in seconds,
-- account-map buckets per generation and shard, posting buckets per generation in all shards, shards, bits of a slot.
local NOW, FIRST, LAST, SECONDS, BUCKETS, POSTINGS, SHARDS =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]),
  tonumber(ARGV[8])
local HEADS = 9
local UNLINKED_AT_ONCE = 256
one_of(ARGV[8], ARGV[9])

-- Noted by the last write to this shard, whose caller may have known of later generations than ours does: the oldest
-- living generation, and the one that was written. Also the generation whose keys are being unlinked, and how many are.
local LOCAL = ROOT .. 'gl'
local noted = call('GET', LOCAL)
local oldest, newest, dead, unlinked = string.match(noted or '', '(%d+) (%d+) (%d+) (%d+)')
FIRST, LAST = math.max(FIRST, tonumber(oldest or 0)), math.max(LAST, tonumber(newest or 0))
dead, unlinked = tonumber(dead or FIRST), tonumber(unlinked or 0)

-- By how many bytes and accounts each generation has grown, to be returned.
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

-- The generation and the slot of a remembered account; nothing if there is none.
local function find(digest)
  for seq = LAST, FIRST, -1 do
    local slot = map_get(ROOT .. name(seq), digest, BUCKETS)
    if slot then return seq, slot end
  end
end

-- Unlinks some keys of an expired generation, which would expire by themselves only later.
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

-- To be called after all writes.
local function note_generations()
  if dead < FIRST then clean() end
  local note = string.format('%d %d %d %d', FIRST, LAST, dead, unlinked)
  if note ~= noted then call('SET', LOCAL, note) end
end
