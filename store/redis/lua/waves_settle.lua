-- In the first shard. ARGV: epoch, seconds that a wave is kept, then two for each wave: id, and the revision that was published (0: that it is
-- forgotten). One that has changed since stays owed. Which wave an account is in is known for as long as the wave is kept.
for at = 3, #ARGV, 2 do
  if number_of(ARGV[at], 'r') == tonumber(ARGV[at + 1]) then call('ZREM', OWED_WAVES, ARGV[at]) end
  for _, member in ipairs(members_of(ARGV[at])) do call('EXPIRE', member_key(member[1]), ARGV[2] + 172800) end
end
return 'OK'
