-- On the account's shard. ARGV: epoch, then three for each: account digest, alert digest, and the account's descent by
-- the decision on that alert: its moment in 8 bytes, the founder's digest, the generation; '' to remove it.
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
