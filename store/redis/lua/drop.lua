-- ARGV: epoch, then banned digest and alert digest in turn: forgotten but for the revision of the withdrawal.
if emptied() then return redis.error_reply('EMPTIED') end
for at = 2, #ARGV, 2 do
  local banned, alert = hex(ARGV[at]), ARGV[at + 1]
  local key = ROOT .. 's:' .. hex(alert)
  if call('HDEL', ROOT .. 'o:' .. banned, alert) == 1 then
    call('LREM', ROOT .. 'q:' .. banned, 1, alert)
    local marker = call('GET', key)
    if marker then
      local revision, _, _, over = string.match(marker, '^(%S+) (%S+) (%S+) (%S+)$')
      call('SET', key, string.format('%d -1 -1 %s', tonumber(revision) + 1, over), 'KEEPTTL')
    end
  end
end
return 'OK'
