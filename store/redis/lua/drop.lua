-- ARGV: epoch, then banned digest and alert digest in turn: forgotten but for the revision of the withdrawal.
if emptied() then return redis.error_reply('EMPTIED') end
for at = 2, #ARGV, 2 do
  local banned, alert = hex(ARGV[at]), ARGV[at + 1]
  local key = ROOT .. 's:' .. hex(alert)
  if call('HDEL', ROOT .. 'o:' .. banned, alert) == 1 then
    call('LREM', ROOT .. 'q:' .. banned, 1, alert)
    local revision, _, _, over, claimed, since = pair_get(key)
    if revision then pair_put(key, revision + 1, -1, -1, over, claimed, since) end
  end
end
return 'OK'
