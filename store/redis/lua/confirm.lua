-- ARGV: epoch, now, marker seconds, then alert digest and claim in turn: what that claim noted was published.
if emptied() then return redis.error_reply('EMPTIED') end
local now, seconds = tonumber(ARGV[2]), tonumber(ARGV[3])
for at = 4, #ARGV, 2 do
  local key = ROOT .. 's:' .. hex(ARGV[at])
  local revision, noted, confirmed, over, claimed, since = pair_get(key)
  if revision and over > now and claimed == ARGV[at + 1] then
    pair_put(key, revision, noted, math.max(noted, confirmed), now + seconds, claimed, since)
    call('EXPIRE', key, seconds)
  end
end
return 'OK'
