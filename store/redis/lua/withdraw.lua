-- ARGV: epoch, now, marker seconds, reason, then four for each: banned digest, alert digest, revision (0 if it is not
-- open), and what replaces the alert as it is stored ('' for nothing). Withdraws each that is open under its revision, and for a reason to forget it each that was withdrawn before.
room()
local now, seconds, reason = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
for at = 5, #ARGV, 4 do
  local banned, alert, revision, words = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local open = ROOT .. 'o:' .. hex(banned)
  local entry = call('HGET', open, alert)
  if entry and struct.unpack('>I4', entry) == revision then
    call('HDEL', open, alert)
    if words ~= '' then entry = sub(entry, 1, 4) .. words end
    withdraw(banned, alert, entry, reason, now, seconds)
    sum_up_again(banned, now, seconds)
  elseif not KNOWN[reason] then
    entry = know_no_more(banned, alert)
    if entry then withdraw(banned, alert, entry, reason, now, seconds) end
  end
end
return 'OK'
