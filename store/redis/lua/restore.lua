-- ARGV: epoch, then name, milliseconds that it lives (-1 for no end) and value as dump.lua answers it, in turn.
if emptied() then return redis.error_reply('EMPTIED') end
room()
for at = 2, #ARGV, 3 do
  call('RESTORE', ROOT .. ARGV[at], math.max(0, tonumber(ARGV[at + 1])), ARGV[at + 2], 'REPLACE')
end
return 'OK'
