-- ARGV: epoch, then name and value in turn. Keeps each for good; in a script, since a store may have been left for
-- another layout meanwhile.
if emptied() then return redis.error_reply('EMPTIED') end
room()
for at = 2, #ARGV, 2 do call('SET', ROOT .. ARGV[at], ARGV[at + 1]) end
return 'OK'
