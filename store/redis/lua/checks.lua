-- What forbids an alert outside of the banned account's shard.

-- On the alert's shard: whether a pair is suppressed, by a decision later than one that does not cover it. Notes the pair's ban: for as long as it is known, or, before it is
-- noted and unless it is suppressed, for a while.
local function silenced(alert, banned, noted, seconds, dismissed_at)
  local name = hex(alert)
  local decided = call('GET', ROOT .. 'n:' .. name)
  local quiet = decided and sub(decided, 17, 17) == 'n' and struct.unpack('>d', decided) > tonumber(dismissed_at)
  local place = ROOT .. 'l:' .. name
  if noted then
    call('SET', place, banned)
  elseif not quiet and call('GET', place) ~= banned then
    call('SET', place, banned, 'EX', seconds)
  end
  return quiet
end

-- On the account's shard: '' or why there must be no alert about an account that was seen at a moment. Notes the pair
-- (alert digest and banned digest as one string): one that is noted for as long as it is known, others for a while.
local function forbidden(account, seen, pair, noted, now, buckets, seconds, most)
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
