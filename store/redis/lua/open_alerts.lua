-- ARGV: epoch, banned digests. Returns for each how many open alerts there are, then the alerts.
if emptied() then return redis.error_reply('EMPTIED') end
local answers = {}
for at = 2, #ARGV do
  local found = call('HGETALL', ROOT .. 'o:' .. hex(ARGV[at]))
  answers[#answers + 1] = #found / 2
  for place = 2, #found, 2 do answers[#answers + 1] = found[place] end
end
return answers
