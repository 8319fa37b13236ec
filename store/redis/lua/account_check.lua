-- On the account's shard. ARGV: epoch, now, account-map buckets, marker seconds, alerts at most, whether the pairs are
-- noted (`1`), then three for each: account digest, when it was seen, alert digest and banned digest as one string.
-- Notes which alerts are about the account: one that is noted for as long as it is known, others for a while. Returns
-- for each '' or why there must be no alert.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, buckets, seconds, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local noted = ARGV[6] == '1'
local answers = {}

local function one(account, seen, pair)
  local name = hex(account)
  local about = ROOT .. 'a:' .. name
  if noted then
    call('ZADD', about, AS_LONG_AS_KNOWN, pair)
    call('EXPIRE', about, LASTING)
  end
  if in_force(account, buckets, now) then return 'account-banned' end
  local deleted = marked(ROOT .. 'd:' .. name, now)
  if deleted and deleted >= seen then return 'account-deleted' end
  if noted then return '' end
  call('ZREMRANGEBYSCORE', about, '-inf', now - seconds)
  if call('ZADD', about, 'GT', now, pair) == 1 and call('ZCARD', about) > most then
    call('ZREM', about, pair)
    return 'withheld'
  end
  about_kept(about, seconds)
  return ''
end

for at = 7, #ARGV, 3 do answers[#answers + 1] = one(ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]) end
return answers
