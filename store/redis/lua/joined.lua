-- On the alert's shard. ARGV: epoch, then two for each: alert digest, and the digest of the account that joins a family
-- by the decision on the alert. When that decision is taken back, this note tells which account is to leave.
room()
for at = 2, #ARGV, 2 do
  local key = ROOT .. 'n:' .. hex(ARGV[at])
  local known = call('GET', key) or string.rep('\0', 16) .. 'm'
  call('SET', key, sub(known, 1, 17) .. ARGV[at + 1])
end
return 'OK'
