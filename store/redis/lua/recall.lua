-- On the banned account's shard. ARGV: epoch, now, marker seconds, account-map buckets, then five for each: banned
-- digest, alert digest, revision, band rank (-1: it is not open), alert. Takes back what was published of a pair, unless
-- the store knows it under that revision or a later one. Returns for each whether it did.
room()
local now, seconds, buckets = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local answers = {}

local function one(banned, alert, revision, rank, blob)
  local key, open = ROOT .. 's:' .. hex(alert), ROOT .. 'o:' .. hex(banned)
  local known, noted, confirmed, claim, since = pair_get(key)
  local _, owed = owed_of(alert)
  local entry = call('HGET', open, alert)
  if entry then -- releases up to 0.2.0 let both expire
    call('EXPIRE', open, LASTING)
    if known then pair_put(key, known, noted, confirmed, claim, since, seconds) end
  end
  if math.max(known or 0, owed or 0, entry and struct.unpack('>I4', entry) or 0) >= revision then return 0 end
  know_no_more(banned, alert)
  owe_no_more(alert)
  call('HDEL', open, alert)
  pair_put(key, revision, rank, rank, claim or '-', since or 0, seconds)
  entry = struct.pack('>I4', revision) .. blob
  if not in_force(banned, buckets, now) then
    withdraw(banned, alert, entry, 'ban-forgotten', now, seconds)
  elseif rank < 0 then
    know(banned, alert, entry)
  else
    open_put(open, alert, revision, blob)
  end
  return 1
end

for at = 5, #ARGV, 5 do
  local revision, rank = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  answers[#answers + 1] = one(ARGV[at], ARGV[at + 1], revision, rank, ARGV[at + 4])
end
return answers
