-- On the account's shard. ARGV: epoch, then three for each: account digest, alert digest, and what the account is by the
-- decision on that alert: 8 bytes of its moment, the founder's digest, the generation; '' where it is nothing any more.
if emptied() then return redis.error_reply('EMPTIED') end
room()
for at = 2, #ARGV, 3 do
  local key = ROOT .. 'j:' .. hex(ARGV[at])
  if ARGV[at + 2] == '' then
    call('HDEL', key, ARGV[at + 1])
  else
    call('HSET', key, ARGV[at + 1], ARGV[at + 2])
  end
end
return 'OK'
