-- In the first shard. ARGV: epoch, now, members at least, why, digests of accounts. Each leaves its wave, which is owed;
-- one with fewer members than that is withdrawn.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now, least, reason = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
for at = 5, #ARGV do
  local digest = ARGV[at]
  local id = call('GET', member_key(digest))
  if id then
    call('DEL', member_key(digest))
    if call('HDEL', wave_key(id), 'M' .. digest) == 1 then
      local left = call('HINCRBY', wave_key(id), 'n', -1)
      if left < least and call('HGET', wave_key(id), 's') == 'open' then
        withdraw_wave(id, reason, now)
      else
        owe_wave(id, now, now)
      end
    end
  end
end
return 'OK'
