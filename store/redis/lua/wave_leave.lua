-- In the first shard. ARGV: epoch, now, members at least, why, seconds until the wave is owed, seconds for which they stay
-- out of waves (0: not at all), digests of accounts. Each leaves its wave, which is owed; one with fewer members than that
-- is withdrawn at once.
room()
local now, least, reason, quiet, out = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
for at = 7, #ARGV do
  local digest = ARGV[at]
  local id = call('GET', member_key(digest))
  if id then
    call('DEL', member_key(digest))
    if call('HDEL', wave_key(id), 'M' .. digest) == 1 then
      local left = call('HINCRBY', wave_key(id), 'n', -1)
      if left < least and call('HGET', wave_key(id), 's') == 'open' then
        withdraw_wave(id, reason, now)
      else
        owe_wave(id, now, now + quiet)
      end
    end
  end
  if out > 0 then call('SET', member_key(digest), STAYS_OUT, 'EX', out) end
end
return 'OK'
