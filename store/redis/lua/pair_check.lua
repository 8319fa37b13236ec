-- On the alert's shard. ARGV: epoch, marker seconds, then two for each: alert digest and banned digest. Returns for
-- each 1 if the pair is suppressed; else notes the pair's ban, and returns 0.
if emptied() then return redis.error_reply('EMPTIED') end
room()
local answers = {}
for at = 3, #ARGV, 2 do
  local name = hex(ARGV[at])
  local decided = call('GET', ROOT .. 'n:' .. name)
  local quiet = decided and sub(decided, 17, 17) == 'n' and 1 or 0
  if quiet == 0 then call('SET', ROOT .. 'l:' .. name, ARGV[at + 1], 'EX', ARGV[2]) end
  answers[#answers + 1] = quiet
end
return answers
