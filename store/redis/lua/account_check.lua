-- On the account's shard. ARGV: epoch, now, account-map buckets, marker seconds, alerts at most, then three for each:
-- account digest, when it was seen, alert digest and banned digest as one string. Notes which alerts are about the
-- account, and returns for each '' or why there must be no alert.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, buckets, seconds, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local answers = {}

local function one(account, seen, pair)
  if in_force(account, buckets, now) then return 'account-banned' end
  local name = hex(account)
  local deleted = marked(ROOT .. 'd:' .. name, now)
  if deleted and deleted >= seen then return 'account-deleted' end
  local about = ROOT .. 'a:' .. name
  call('ZREMRANGEBYSCORE', about, '-inf', now - seconds)
  if call('ZADD', about, now, pair) == 1 and call('ZCARD', about) > most then
    call('ZREM', about, pair)
    return 'withheld'
  end
  call('EXPIRE', about, seconds)
  return ''
end

for at = 6, #ARGV, 3 do answers[#answers + 1] = one(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]) end
return answers
