-- In the first shard. ARGV: epoch, then two for each wave: id, and the revision that was published (0: that it is
-- forgotten). One that has changed since stays owed.
if emptied() then return redis.error_reply('EMPTIED') end
for at = 2, #ARGV, 2 do
  if number_of(ARGV[at], 'r') == tonumber(ARGV[at + 1]) then call('ZREM', OWED_WAVES, ARGV[at]) end
end
return 'OK'
