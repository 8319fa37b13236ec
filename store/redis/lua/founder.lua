-- ARGV: epoch, now, account-map buckets, then two for each founder: digest and account key. Keeps the account key,
-- unless that account was reinstated.
room()
local now = tonumber(ARGV[2])
for at = 4, #ARGV, 2 do
  local name = hex(ARGV[at])
  if not marked(ROOT .. 'm:' .. name, now) or in_force(ARGV[at], tonumber(ARGV[3]), now) then
    call('SET', ROOT .. 'k:' .. name, ARGV[at + 1])
  end
end
return 'OK'
