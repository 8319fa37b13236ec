-- On the banned account's shard; the rules are those of rulings.py. ARGV: epoch, now, marker seconds, account-map
-- buckets, open alerts at most, claim seconds, then six for each: banned digest, alert digest, band rank, claim,
-- whether only what was noted before, alert. Answers ruling and revision for each.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, seconds, buckets, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local claim_seconds = tonumber(ARGV[6])
local answers = {}

local function note(banned, alert, revision, blob)
  local open = ROOT .. 'o:' .. hex(banned)
  call('HSET', open, alert, struct.pack('>I4', revision) .. blob)
  call('EXPIRE', open, seconds)
  owe_no_more(alert)
end

local function one(banned, alert, rank, claim, again_only, blob)
  if not in_force(banned, buckets, now) then return 'not-banned', 0 end
  local key = ROOT .. 's:' .. hex(alert)
  local revision, noted, confirmed, over, claimed, since = pair_get(key)
  if not revision or over <= now then revision, noted, confirmed = 0, -1, -1 end
  if again_only == '1' and not (claimed == claim and confirmed < noted) then return 'duplicate', 0 end
  local again = confirmed < noted and rank <= noted
  local anothers = again and claimed ~= claim and now < since + claim_seconds
  if anothers or rank <= confirmed then return 'duplicate', 0 end
  if not again then revision = revision + 1 end
  pair_put(key, revision, rank, confirmed, now + seconds, claim, now)
  call('EXPIRE', key, seconds)
  note(banned, alert, revision, blob)
  return 'publish', revision
end

for at = 7, #ARGV, 6 do
  local word, revision = one(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
  answers[#answers + 1] = word
  answers[#answers + 1] = revision
end
return answers
