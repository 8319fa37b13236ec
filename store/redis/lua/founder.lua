-- ARGV: epoch, now, account-map buckets, then digest and name of each founder in turn. Keeps the name in one
-- place, unless that account was reinstated.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local now = tonumber(ARGV[2])
for at = 4, #ARGV, 2 do
  local name = hex(ARGV[at])
  if not marked(ROOT .. 'm:' .. name, now) or in_force(ARGV[at], tonumber(ARGV[3]), now) then
    call('SET', ROOT .. 'k:' .. name, ARGV[at + 1])
  end
end
return 'OK'
