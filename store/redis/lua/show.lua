-- On the account's shard. ARGV: epoch, then three for each: account digest, the id of an alert, and the packed lines that it
-- showed to those who dismissed it ('' forgets them). No cap and no expiry: people make dismissals, and each alert has one.
room()
for at = 2, #ARGV, 3 do
  local key = ROOT .. 'q:' .. hex(ARGV[at])
  if ARGV[at + 2] == '' then
    call('HDEL', key, ARGV[at + 1])
  else
    call('HSET', key, ARGV[at + 1], ARGV[at + 2])
  end
end
return 'OK'
