-- On the banned account's shard; the rules are those of rulings.py. ARGV: epoch, now, marker seconds, account-map
-- buckets, open alerts at most, then four for each: banned digest, alert digest, band rank, alert. Answers
-- ruling and revision for each.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, seconds, buckets, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local answers = {}

local function note(banned, alert, revision, blob)
  local open, order = ROOT .. 'o:' .. hex(banned), ROOT .. 'q:' .. hex(banned)
  if call('HSET', open, alert, struct.pack('>I4', revision) .. blob) == 0 then call('LREM', order, 1, alert) end
  call('RPUSH', order, alert)
  if call('LLEN', order) > most then call('HDEL', open, call('LPOP', order)) end
  call('EXPIRE', open, seconds)
  call('EXPIRE', order, seconds)
end

local function one(banned, alert, rank, blob)
  if not in_force(banned, buckets, now) then return 'not-banned', 0 end
  local key = ROOT .. 's:' .. hex(alert)
  local marker = call('GET', key)
  local revision, noted, confirmed, over = 0, -1, -1, now
  if marker then
    revision, noted, confirmed, over = string.match(marker, '^(%S+) (%S+) (%S+) (%S+)$')
    revision, noted, confirmed, over = tonumber(revision), tonumber(noted), tonumber(confirmed), tonumber(over)
  end
  if over <= now then revision, noted, confirmed = 0, -1, -1 end
  if rank <= confirmed then return 'duplicate', 0 end
  local again = confirmed < noted and rank <= noted
  if not again then revision = revision + 1 end
  call('SET', key, string.format('%d %d %d %.17g', revision, rank, confirmed, now + seconds), 'EX', seconds)
  note(banned, alert, revision, blob)
  return 'publish', revision
end

for at = 6, #ARGV, 4 do
  local word, revision = one(ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3])
  answers[#answers + 1] = word
  answers[#answers + 1] = revision
end
return answers
