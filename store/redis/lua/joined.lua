-- On the alert's shard. ARGV: epoch, then alert digest and account digest in turn: the account joins a family by what was
-- decided on the alert. Without it nobody would know who is to leave once that is taken back.
if emptied() then return redis.error_reply('EMPTIED') end
room()
for at = 2, #ARGV, 2 do
  local key = ROOT .. 'n:' .. hex(ARGV[at])
  local known = call('GET', key) or string.rep('\0', 16) .. 'm'
  call('SET', key, sub(known, 1, 17) .. ARGV[at + 1])
end
return 'OK'
